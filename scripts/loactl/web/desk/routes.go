package desk

import "net/http"

// A route is one line of the table of pages.
type route struct {
	pattern string
	role    role  // that one has to have somewhere; handlers look at which place. Empty: open to all
	body    int64 // bytes, at most
	answer  func(*Desk, http.ResponseWriter, *http.Request, *visitor) error
}

// The largest bodies, in bytes.
const (
	maxForm  = 256 << 10
	maxSound = 64 << 20
)

func routes() []route {
	return []route{
		{"GET /desk/sign-in", "", 0, (*Desk).signIn},
		{"POST /desk/sign-in/begin", "", maxForm, (*Desk).signInBegin},
		{"POST /desk/sign-in/finish", "", maxForm, (*Desk).signInFinish},
		{"POST /desk/sign-in/certificate", "", maxForm, (*Desk).signInCertificate},
		{"GET /desk/register", "", 0, (*Desk).register},
		{"POST /desk/register/begin", "", maxForm, (*Desk).registerBegin},
		{"POST /desk/register/finish", "", maxForm, (*Desk).registerFinish},
		{"POST /desk/sign-out", "", maxForm, (*Desk).signOut},

		{"GET /desk/{$}", anybody, 0, (*Desk).home},
		{"GET /desk/key", anybody, 0, (*Desk).key},
		{"POST /desk/key", anybody, maxForm, (*Desk).keyAsk},
		{"GET /desk/sign/{sha256}", anybody, 0, (*Desk).sign},
		{"POST /desk/sign/{sha256}", anybody, maxForm, (*Desk).signed},
		{"POST /desk/sign/{sha256}/file", anybody, maxForm, (*Desk).signedElsewhere},
		{"POST /desk/sign/{sha256}/drop", anybody, maxForm, (*Desk).drop},
		{"GET /desk/sign/{sha256}/envelope", anybody, 0, (*Desk).envelope},
		{"GET /desk/sign/{sha256}/board/{board}/{page}", anybody, 0, (*Desk).drawn},
		{"GET /desk/media/{sha256}", anybody, 0, (*Desk).media},

		{"GET /desk/write", author, 0, (*Desk).write},
		{"POST /desk/write", author, maxForm, (*Desk).written},
		{"POST /desk/write/template", author, maxForm, (*Desk).fromTemplate},
		{"GET /desk/draft/{id}", author, 0, (*Desk).draft},
		{"POST /desk/draft/{id}", author, maxForm, (*Desk).drafted},
		{"POST /desk/draft/{id}/speak", author, maxForm, (*Desk).speak},
		{"POST /desk/draft/{id}/audio", author, maxSound, (*Desk).upload},
		{"POST /desk/draft/{id}/submit", author, maxForm, (*Desk).submit},
		{"POST /desk/draft/{id}/template", author, maxForm, (*Desk).asTemplate},
		{"POST /desk/draft/{id}/archive", author, maxForm, (*Desk).archive},
		{"POST /desk/draft/{id}/picture", author, maxPicture, (*Desk).addPicture},
		{"POST /desk/draft/{id}/pictures", author, maxForm, (*Desk).changePicture},
		{"POST /desk/draft/{id}/language", author, maxForm, (*Desk).addLanguage},
		{"GET /desk/language/{id}/{lang}", anybody, 0, (*Desk).language},
		{"POST /desk/language/{id}/{lang}", author, maxForm, (*Desk).languageKept},
		{"POST /desk/language/{id}/{lang}/audio", author, maxSound, (*Desk).languageSound},
		{"POST /desk/language/{id}/{lang}/vouch", anybody, maxForm, (*Desk).vouch},
		{"GET /desk/language/{id}/{lang}/board/{board}/{page}", anybody, 0, (*Desk).languageDrawn},
		{"GET /desk/board/{board}", author, 0, (*Desk).board},
		{"GET /desk/library", viewer, 0, (*Desk).library},
		{"POST /desk/library/reuse", author, maxForm, (*Desk).reuse},
		{"POST /desk/library/archive", author, maxForm, (*Desk).putAway},

		{"GET /desk/inbox", author, 0, (*Desk).inbox},
		{"GET /desk/inbox/{id}", author, 0, (*Desk).read},
		{"GET /desk/inbox/{id}/{what}", author, 0, (*Desk).attachment},
		{"POST /desk/inbox", author, maxForm, (*Desk).refused},
		{"POST /desk/inbox/{id}", author, maxForm, (*Desk).replied},

		{"GET /desk/live", talker, 0, (*Desk).live},
		{"POST /desk/live", talker, maxForm, (*Desk).goLive},
		{"POST /desk/live/{session}", talker, maxTalk, (*Desk).talk},
		{"GET /desk/now", viewer, 0, (*Desk).now},
		{"POST /desk/now/act", operator, maxForm, (*Desk).act},
		{"GET /desk/week", viewer, 0, (*Desk).week},
		{"POST /desk/week", author, maxForm, (*Desk).plan},
		{"GET /desk/week/slot", author, 0, (*Desk).slot},
		{"GET /desk/emergency", emergency, 0, (*Desk).emergency},
		{"POST /desk/emergency", emergency, maxForm, (*Desk).alarm},
		{"POST /desk/emergency/undo", emergency, maxForm, (*Desk).undo},
		{"GET /desk/report", viewer, 0, (*Desk).report},
		{"GET /desk/report/file", viewer, 0, (*Desk).reportFile},
		{"GET /desk/report/why", viewer, 0, (*Desk).reportWhy},
		{"GET /desk/report/why/file", viewer, 0, (*Desk).reportWhyFile},
		{"GET /desk/polls", viewer, 0, (*Desk).polls},
		{"POST /desk/polls", approver, maxForm, (*Desk).ask},
		{"GET /desk/poll/{id}", viewer, 0, (*Desk).poll},
		{"POST /desk/poll/{id}/close", approver, maxForm, (*Desk).pollClose},
		{"POST /desk/poll/{id}/slips", approver, maxForm, (*Desk).pollSlips},
		{"GET /desk/heard", viewer, 0, (*Desk).heard},
		{"GET /desk/heard/file", viewer, 0, (*Desk).heardFile},
	}
}

// anybody is whoever has signed in, with or without a role.
const anybody role = "anybody"
