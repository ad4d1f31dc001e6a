package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/cap"
	"loa/scripts/authority/notify"
	"loa/scripts/bilingual"
	"loa/scripts/loactl/source"
)

// catalogues are the texts by language. A test holds them to the same keys and
// the same gaps to fill.
var catalogues = map[string]map[string]string{"vi": vi, "en": en}

// word is what text says for a word that boxes send, or that word as it came.
func word(text, w string) string {
	if w == "" || strings.HasSuffix(text, "."+w) {
		return w
	}
	return text
}

// explain says an error in the chosen language, as far as what it is made of is
// known.
func (a *app) explain(err error) string {
	s := err.Error()
	var (
		own   *authority.Error
		bad   *plan.Error
		line  *source.Error
		file  *fs.PathError
		told  *notify.Error
		port  *net.OpError
		alert *cap.Error
		two   *bilingual.Error
	)
	if a.lang == "vi" {
		switch {
		case errors.As(err, &own):
			s = strings.Replace(s, own.Error(), authority.Vietnamese(own), 1)
		case errors.As(err, &bad):
			s = strings.Replace(s, bad.Error(), authority.Vietnamese(bad), 1)
		case errors.As(err, &told):
			s = strings.Replace(s, told.Error(), told.Vietnamese(), 1)
		case errors.As(err, &two):
			s = strings.Replace(s, two.Error(), two.Vietnamese(), 1)
		case errors.As(err, &alert):
			s = strings.Replace(s, alert.Error(), alert.Vietnamese(), 1)
		case errors.As(err, &line) && line.VI != "":
			s = strings.Replace(s, line.Msg, line.VI, 1)
		}
		s = strings.Replace(s, archive.ErrFork.Error(), a.text("ledger.fork"), 1)
	}
	if errors.As(err, &file) {
		s = strings.Replace(s, file.Error(), a.pathError(file), 1)
	}
	if errors.As(err, &port) && port.Op == "listen" {
		return a.listenError(port)
	}
	return strings.Replace(s, errSilent.Error(), a.text("silent"), 1)
}

// pathError says what is wrong with a file.
func (a *app) pathError(err *fs.PathError) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a.text("file.none", err.Path)
	case errors.Is(err, fs.ErrPermission):
		return a.text("file.denied", err.Path)
	case errors.Is(err, syscall.ENOSPC):
		return a.text("file.full", err.Path)
	case errors.Is(err, syscall.EISDIR):
		return a.text("file.folder", err.Path)
	}
	return a.text("file.other", err.Path, err.Err)
}

// listenError says why nothing can be served at an address.
func (a *app) listenError(err *net.OpError) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return a.text("listen.taken", err.Addr)
	case errors.Is(err, syscall.EACCES):
		return a.text("listen.denied", err.Addr)
	}
	return a.text("listen.other", err.Addr, err.Err)
}

// decimal is x with one place behind the point, or the comma.
func (a *app) decimal(x float64) string {
	if a.lang == "vi" {
		return plan.Decimal(x)
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// text is a text in the chosen language, with its gaps filled.
func (a *app) text(key string, args ...any) string {
	s, ok := catalogues[a.lang][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}
