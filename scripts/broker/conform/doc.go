// Package conform holds every broker that Loa may stand on to one suite: the same
// agent, the same cases, and a table of what is known to differ, with the reason.
package conform
