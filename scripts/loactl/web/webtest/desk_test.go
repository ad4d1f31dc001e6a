package webtest

import "testing"

// Two people make and approve a bulletin in their browsers, and a box says it.
func TestWebDesk(t *testing.T) {
	s, env := opened(t)
	s.Browse("desk.test.mjs", append(env, "LOA_SIZE=phone")...)
	s.Browse("desk.test.mjs", append(env, "LOA_SIZE=desk")...)
	s.Browse("officers.test.mjs", env...)
	s.Browse("making.test.mjs", env...)
}
