package plan

import (
	"strings"
	"testing"
)

// What may be said of a picture is not said of sound alone.
func TestSentencesAboutFilesNamePicturesToo(t *testing.T) {
	for _, c := range []Code{MediaMissing, MediaDigest, MediaFormat, TooBig} {
		if s := c.Sentence(); !strings.Contains(s.VI, "hình") || !strings.Contains(s.EN, "picture") {
			t.Errorf("%s: %q, %q", c, s.VI, s.EN)
		}
	}
}
