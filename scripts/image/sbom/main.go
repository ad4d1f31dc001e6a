// Command sbom lists what an image consists of, as SPDX 2.3: Debian's packages with what
// their copyright files name, the kernel, and the agent with its modules.
package main

import (
	"bufio"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	name := flag.String("name", "", "what the image is called")
	root := flag.String("root", "", "the root file system")
	agent := flag.String("agent", "", "the agent's binary")
	unpacked := flag.String("unpacked", "", "folders of Debian packages beside it, NAME_VERSION, with commas between")
	created := flag.Int64("created", 0, "when it was made, Unix seconds")
	flag.Parse()
	if err := run(os.Stdout, *name, *root, *agent, strings.FieldsFunc(*unpacked, func(r rune) bool { return r == ',' }), time.Unix(*created, 0)); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// A piece is one package of an image.
type piece struct {
	kind, name, version string
	licences            []string // as its maker writes them
}

func run(w io.Writer, name, root, agent string, unpacked []string, created time.Time) error {
	f, err := os.Open(filepath.Join(root, "var/lib/dpkg/status"))
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := installed(f)
	if err != nil {
		return err
	}
	for i, p := range all {
		all[i].licences = licences(root, p.name)
	}
	for _, dir := range unpacked {
		pkg, version, _ := strings.Cut(filepath.Base(dir), "_")
		all = append(all, piece{"deb", pkg, version, licences(dir, pkg)})
	}
	info, err := buildinfo.ReadFile(agent)
	if err != nil {
		return err
	}
	all = append(all, piece{"generic", "go", strings.TrimPrefix(info.GoVersion, "go"), []string{"BSD-3-Clause"}})
	for _, m := range info.Deps {
		all = append(all, piece{"golang", m.Path, m.Version, nil})
	}
	return write(w, name, all, created)
}

// installed reads dpkg's list.
func installed(r io.Reader) ([]piece, error) {
	var all []piece
	p, there := piece{kind: "deb"}, false
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	end := func() {
		if there && p.name != "" {
			all = append(all, p)
		}
		p, there = piece{kind: "deb"}, false
	}
	for s.Scan() {
		key, value, _ := strings.Cut(s.Text(), ": ")
		switch key {
		case "":
			end()
		case "Package":
			p.name = value
		case "Version":
			p.version = value
		case "Status":
			there = strings.HasSuffix(value, " installed")
		}
	}
	end()
	return all, s.Err()
}

// licences are the short names in a package's copyright file; none if it is not in the
// form that programs can read.
func licences(root, pkg string) []string {
	f, err := os.Open(filepath.Join(root, "usr/share/doc", pkg, "copyright"))
	if err != nil {
		return nil
	}
	defer f.Close()
	var names []string
	s := bufio.NewScanner(f)
	for s.Scan() {
		if name, ok := strings.CutPrefix(s.Text(), "License:"); ok && strings.TrimSpace(name) != "" {
			names = append(names, strings.TrimSpace(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// write prints the list, in a form that is the same each time.
func write(w io.Writer, name string, all []piece, created time.Time) error {
	type ref struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	type pkg struct {
		ID       string `json:"SPDXID"`
		Name     string `json:"name"`
		Version  string `json:"versionInfo"`
		From     string `json:"downloadLocation"`
		Files    bool   `json:"filesAnalyzed"`
		Said     string `json:"licenseDeclared"`
		Comments string `json:"licenseComments,omitempty"`
		Refs     []ref  `json:"externalRefs"`
	}
	type relation struct {
		From string `json:"spdxElementId"`
		Kind string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	var doc struct {
		Version string `json:"spdxVersion"`
		Licence string `json:"dataLicense"`
		ID      string `json:"SPDXID"`
		Name    string `json:"name"`
		Space   string `json:"documentNamespace"`
		Made    struct {
			At string   `json:"created"`
			By []string `json:"creators"`
		} `json:"creationInfo"`
		Packages  []pkg      `json:"packages"`
		Relations []relation `json:"relationships"`
	}
	doc.Version, doc.Licence, doc.ID, doc.Name, doc.Space = "SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT", name, "urn:loa:"+name
	doc.Made.At, doc.Made.By = created.UTC().Format(time.RFC3339), []string{"Tool: loa-sbom"}
	for i, p := range all {
		purl := "pkg:" + p.kind + "/" + p.name + "@" + p.version
		if p.kind == "deb" {
			purl = "pkg:deb/debian/" + p.name + "@" + p.version
		}
		one := pkg{
			ID: fmt.Sprintf("SPDXRef-%d", i+1), Name: p.name, Version: p.version, From: "NOASSERTION", Said: "NOASSERTION",
			Comments: strings.Join(p.licences, ", "), Refs: []ref{{"PACKAGE-MANAGER", "purl", purl}},
		}
		doc.Packages = append(doc.Packages, one)
		doc.Relations = append(doc.Relations, relation{doc.ID, "DESCRIBES", one.ID})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(doc)
}
