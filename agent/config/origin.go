package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// An Origin is a setting as it holds, and where that comes from.
type Origin struct {
	Key, Value string
	Line       int // of the file; 0: it is not there, so the default holds
}

// hidden are words in the names of settings whose values nobody is shown.
var hidden = []string{"password", "secret", "pin", "psk"}

// Origins lists every setting of v, a struct as a strict reader of TOML filled it from
// the file data.
func Origins(v any, data []byte) []Origin {
	var all []Origin
	origins(&all, "", reflect.ValueOf(v), data)
	return all
}

func origins(all *[]Origin, table string, v reflect.Value, data []byte) {
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("toml")
		if key == "" || key == "-" {
			continue
		}
		f := v.Field(i)
		for f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		switch f.Kind() {
		case reflect.Struct:
			origins(all, table+key+".", f, data)
			continue
		case reflect.Pointer:
			continue // not set, and nothing stands for it
		}
		o := Origin{Key: table + key, Value: fmt.Sprint(f.Interface())}
		o.Line, _ = strconv.Atoi(strings.TrimPrefix(lineOf(data, o.Key), ":"))
		if f.IsZero() && o.Line == 0 {
			continue // it is not said, and there is no default
		}
		for _, h := range hidden {
			if strings.Contains(key, h) {
				o.Value = "***"
			}
		}
		*all = append(*all, o)
	}
}
