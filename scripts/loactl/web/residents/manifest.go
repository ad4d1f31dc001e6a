package residents

import (
	"bytes"
	"encoding/json"
	"net/http"
	"text/template"

	"loa/scripts/loactl/web/look"
)

// manifest makes the page of a place an application that can be installed.
func (s *Site) manifest(w http.ResponseWriter, r *http.Request) {
	place, lang := r.PathValue("place"), look.Lang(r)
	s.giveTold(w, r, "manifest", "application/manifest+json", func(t *told) ([]byte, error) {
		icon := func(name, size, purpose string) map[string]string {
			return map[string]string{"src": s.files.URL(name), "sizes": size, "type": "image/png", "purpose": purpose}
		}
		return json.Marshal(map[string]any{
			"id": "/p/" + place, "start_url": "/p/" + place + "?lang=" + lang, "scope": "/", "display": "standalone", "lang": lang,
			"name": t.Name + ": " + words[lang]["brand"], "short_name": t.Name, "background_color": "#ffffff", "theme_color": "#0b4f8a",
			"icons": []map[string]string{icon("icon-192.png", "192x192", "any"), icon("icon-512.png", "512x512", "any"), icon("icon-512.png", "512x512", "maskable")},
		})
	})
}

// worker is the service worker, which knows by what names the files go today.
func (s *Site) worker(w http.ResponseWriter, r *http.Request) {
	s.give(w, r, "worker", "text/javascript; charset=utf-8", func() ([]byte, error) {
		t, err := template.ParseFS(embedded, "static/sw.js")
		if err != nil {
			return nil, err
		}
		shell, err := json.Marshal([]string{s.pages.Style(), s.pages.Icon(), s.files.URL("page.js"), s.files.URL("form.js"), s.files.URL("push.js")})
		if err != nil {
			return nil, err
		}
		icon, err := json.Marshal(s.files.URL("icon-192.png"))
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = t.Execute(&b, map[string]any{"Shell": string(shell), "Icon": string(icon)})
		return b.Bytes(), err
	})
}
