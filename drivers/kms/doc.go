// Package kms shows pictures.
package kms
