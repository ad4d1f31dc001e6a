package message

import (
	"reflect"
	"strings"
	"sync"

	"loa/agent/plan"
)

// fields are the keys of a struct, those of embedded structs among them.
type fields struct {
	at    map[string]int
	index [][]int
	names []string
}

var fieldCache sync.Map // reflect.Type → *fields

func fieldsOf(t reflect.Type) *fields {
	if f, ok := fieldCache.Load(t); ok {
		return f.(*fields)
	}
	f := &fields{at: map[string]int{}}
	for _, sf := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous || name == "-" || name == "" {
			continue
		}
		f.at[name] = len(f.index)
		f.index = append(f.index, sf.Index)
		f.names = append(f.names, name)
	}
	fieldCache.Store(t, f)
	return f
}

// nearest is the key that was probably meant; empty: there is none.
func (f *fields) nearest(key string) string {
	best, least := "", 3
	for _, n := range f.names {
		if strings.EqualFold(n, key) {
			return n
		}
		if d := plan.Distance(n, key, least); d < least {
			best, least = n, d
		}
	}
	return best
}

// clip bounds what is quoted of a stranger's bytes.
func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}
