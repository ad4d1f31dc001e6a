package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/bilingual"
)

// A telegramWay posts as a bot: https://core.telegram.org/bots/api#sendmessage.
type telegramWay struct{ service }

func (w *telegramWay) Send(ctx context.Context, p Post, place, _ string) (string, error) {
	token, err := secret(w.c.TokenFile)
	if err != nil {
		return "", err
	}
	var said struct {
		OK     bool `json:"ok"`
		Result struct {
			ID int64 `json:"message_id"`
		} `json:"result"`
		Code        int    `json:"error_code"`
		Description string `json:"description"`
		Parameters  struct {
			After int `json:"retry_after"` // seconds
		} `json:"parameters"`
	}
	err = w.askJSON(ctx, w.c.URL+"/bot"+url.PathEscape(token)+"/sendMessage", map[string]any{
		"chat_id": w.c.Chat, "text": whole(p, place, 4096), "link_preview_options": map[string]bool{"is_disabled": true},
	}, nil, &said)
	switch {
	case err != nil:
		return "", err
	case !said.OK:
		return "", &failure{
			text:   fmt.Sprintf("Telegram: %d %s", said.Code, said.Description),
			passes: said.Code == 429 || said.Code >= 500, wait: time.Duration(said.Parameters.After) * time.Second,
		}
	}
	return strconv.FormatInt(said.Result.ID, 10), nil
}

// A facebookWay posts to a page: Graph API, /{page-id}/feed.
type facebookWay struct{ service }

const graphVersion = "v23.0"

// facebookPasses are the codes of errors that pass: unknown, service, too many calls.
var facebookPasses = map[int]bool{1: true, 2: true, 4: true, 17: true, 32: true, 341: true, 613: true}

func (w *facebookWay) Send(ctx context.Context, p Post, place, _ string) (string, error) {
	token, err := secret(w.c.TokenFile)
	if err != nil {
		return "", err
	}
	var said struct {
		ID    string `json:"id"`
		Error *struct {
			Message string `json:"message"`
			Code    int    `json:"code"`
		} `json:"error"`
	}
	err = w.askForm(ctx, w.c.URL+"/"+graphVersion+"/"+w.c.Page+"/feed",
		url.Values{"message": {whole(p, place, 10000)}, "access_token": {token}}, nil, &said)
	switch {
	case err != nil:
		return "", err
	case said.Error != nil:
		return "", &failure{text: fmt.Sprintf("Facebook: %d %s", said.Error.Code, said.Error.Message), passes: facebookPasses[said.Error.Code]}
	case said.ID == "":
		return "", &failure{text: "Facebook: an answer without an id"}
	}
	return said.ID, nil
}

// A zaloWay posts articles of an Official Account: /v2.0/article/create. Its token lives
// for a day and is renewed by another, which counts once: so the new pair is on the disk
// before it is used.
type zaloWay struct {
	service
	oauth string // empty: Zalo's own
}

// zaloTokens are what token_file holds.
type zaloTokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

const (
	zaloOAuth   = "https://oauth.zaloapp.com"
	zaloExpired = -216 // access token is invalid
)

func (w *zaloWay) Send(ctx context.Context, p Post, place, _ string) (string, error) {
	t, err := w.tokens()
	if err != nil {
		return "", err
	}
	ref, code, err := w.create(ctx, t, p, place)
	if code != zaloExpired {
		return ref, err
	}
	if t, err = w.renew(ctx, t); err != nil {
		return "", err
	}
	ref, _, err = w.create(ctx, t, p, place)
	return ref, err
}

func (w *zaloWay) tokens() (t zaloTokens, err error) {
	data, err := os.ReadFile(w.c.TokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	if err != nil || t.Access == "" || t.Refresh == "" {
		return t, bilingual.Wrong(`%s phải là {"access_token": "…", "refresh_token": "…"}`, `%s has to be {"access_token": "…", "refresh_token": "…"}`, w.c.TokenFile)
	}
	return t, nil
}

func (w *zaloWay) create(ctx context.Context, t zaloTokens, p Post, place string) (ref string, code int, err error) {
	var said struct {
		Error   int    `json:"error"`
		Message string `json:"message"`
		Data    struct {
			Token string `json:"token"`
		} `json:"data"`
	}
	body := p.Body()
	if body == "" {
		body = p.Head(place)
	}
	err = w.askJSON(ctx, w.c.URL+"/v2.0/article/create", map[string]any{
		"type": "normal", "title": Short(p.Head(place), 150), "author": Short(w.c.Author, 50), "status": "show", "comment": "hide",
		"cover":       map[string]string{"cover_type": "photo", "photo_url": w.c.Cover, "status": "show"},
		"description": Short(body, 300),
		"body":        []map[string]string{{"type": "text", "content": strings.ReplaceAll(html.EscapeString(body), "\n", "<br>")}},
	}, map[string]string{"access_token": t.Access}, &said)
	if err == nil && said.Error != 0 {
		err = &failure{text: fmt.Sprintf("Zalo: %d %s", said.Error, said.Message), passes: said.Error == -32 || said.Error == -200}
	}
	return said.Data.Token, said.Error, err
}

// renew trades the second token for a new pair.
func (w *zaloWay) renew(ctx context.Context, old zaloTokens) (t zaloTokens, err error) {
	app, err := secret(w.c.SecretFile)
	if err != nil {
		return t, err
	}
	var said struct {
		zaloTokens
		Error   int    `json:"error"`
		Name    string `json:"error_name"`
		Because string `json:"error_description"`
	}
	at := w.oauth
	if at == "" {
		at = zaloOAuth
	}
	err = w.askForm(ctx, at+"/v4/oa/access_token",
		url.Values{"app_id": {w.c.App}, "grant_type": {"refresh_token"}, "refresh_token": {old.Refresh}},
		map[string]string{"secret_key": app}, &said)
	switch {
	case err != nil:
		return t, err
	case said.Error != 0 || said.Access == "" || said.Refresh == "":
		return t, &failure{text: fmt.Sprintf("Zalo: the tokens cannot be renewed: %d %s %s", said.Error, said.Name, said.Because)}
	}
	data, err := json.MarshalIndent(said.zaloTokens, "", " ")
	if err != nil {
		return t, err
	}
	return said.zaloTokens, durable.Write(w.c.TokenFile, append(data, '\n'))
}
