// Package deb makes the Debian package of the agent, with build.sh, and tries it: see README.md.
package deb
