// Package open311 hands residents' reports that are not ours to mend over to the centre
// of the province that takes such reports (1022), by Open311 GeoReport v2, and brings back
// what became of them.
//
// Source: https://wiki.open311.org/GeoReport_v2/. Requests are forms, answers JSON; a
// request is created by POST requests.json, which gives its number or a token that GET
// tokens/TOKEN.json makes a number of; GET requests/NUMBER.json says how far it is.
//
// Tried on: the server of the contract test, which holds to the specification's schema.
package open311

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"loa/scripts/authority/requests"
	"loa/scripts/bilingual"
)

// File is the name of the settings in an authority's folder.
const File = "open311.toml"

// A Config is open311.toml. Without one nothing is handed over.
type Config struct {
	Name         string                   `toml:"name"`         // of the centre, as residents know it: "Tổng đài 1022"
	URL          string                   `toml:"url"`          // https://… up to and with the version
	Jurisdiction string                   `toml:"jurisdiction"` // empty: the endpoint serves one
	KeyFile      string                   `toml:"key_file"`
	CAFile       string                   `toml:"ca_file"`  // PEM; empty: the system's
	Places       []string                 `toml:"places"`   // with all below; none: all
	Services     map[requests.Kind]string `toml:"services"` // which kinds go, each as which service_code
	Contact      bool                     `toml:"contact"`  // the resident's contact goes too
}

// Load reads the settings in an authority's folder. Without any it gives fs.ErrNotExist.
func Load(dir string) (Config, error) {
	name := filepath.Join(dir, File)
	data, err := os.ReadFile(name)
	if err != nil {
		return Config{}, err
	}
	c, err := Parse(data)
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	for _, f := range []*string{&c.KeyFile, &c.CAFile} {
		if *f != "" && !filepath.IsAbs(*f) {
			*f = filepath.Join(dir, *f)
		}
	}
	return c, nil
}

// Parse reads settings and says what is wrong with them.
func Parse(data []byte) (Config, error) {
	var c Config
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return c, bilingual.Wrong("có mục không ai biết: %s", "unknown setting: %s", strict.String())
		}
		return c, err
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "":
		return c, bilingual.Wrong("url = %q: ghi https://…", "url = %q: write https://…", c.URL)
	case c.Name == "":
		return c, bilingual.Wrong("ghi name: người dân được biết phản ánh chuyển cho ai", "write name: residents are told to whom their reports go")
	case c.KeyFile == "":
		return c, bilingual.Wrong("ghi key_file", "write key_file")
	case len(c.Services) == 0:
		return c, bilingual.Wrong("ghi [services]: loại nào được chuyển, như content = \"012\"", "write [services]: which kinds go, such as content = \"012\"")
	}
	for kind, code := range c.Services {
		if !slices.Contains(requests.Kinds, kind) || code == "" {
			return c, bilingual.Wrong("services.%s = %q: ghi một trong %v và service_code của nó", "services.%s = %q: write one of %v, and its service_code", kind, code, requests.Kinds)
		}
	}
	return c, nil
}
