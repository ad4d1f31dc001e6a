package cap

import (
	"fmt"
	"regexp"
	"strings"
)

// The schema of CAP-v1.2-os, section 3.4, as far as a program can read it.

func one(name string, is func(string) (vi, en string)) element {
	return element{name: name, least: 1, most: 1, is: is}
}

func maybe(name string, is func(string) (vi, en string)) element {
	return element{name: name, most: 1, is: is}
}

func any0(name string) element { return element{name: name} }

func words(all ...string) func(string) (vi, en string) {
	return func(s string) (vi, en string) {
		for _, w := range all {
			if s == w {
				return "", ""
			}
		}
		list := strings.Join(all, ", ")
		return fmt.Sprintf("%q; phải là một trong: %s", clip(s), list), fmt.Sprintf("%q; it has to be one of %s", clip(s), list)
	}
}

func when(s string) (vi, en string) {
	if _, err := stamp(s); err != nil {
		return fmt.Sprintf("%q; viết như 2026-11-27T15:00:00+07:00, không dùng Z", clip(s)), fmt.Sprintf("%q; write it as 2026-11-27T15:00:00+07:00, not with Z", clip(s))
	}
	return "", ""
}

var name = regexp.MustCompile(`^[^\s,<&]{1,200}$`)

// id is an identifier or a sender: what references are made of.
func id(s string) (vi, en string) {
	if !name.MatchString(s) {
		return fmt.Sprintf("%q: không được có dấu cách, dấu phẩy, < hay &", clip(s)), fmt.Sprintf("%q: no spaces, commas, < or &", clip(s))
	}
	return "", ""
}

var tag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

func language(s string) (vi, en string) {
	if !tag.MatchString(s) {
		return fmt.Sprintf("%q không phải mã ngôn ngữ như vi-VN", clip(s)), fmt.Sprintf("%q is no language such as vi-VN", clip(s))
	}
	return "", ""
}

var pair = []element{one("valueName", nil), one("value", nil)}

func pairs(name string) element { return element{name: name, of: pair} }

var (
	statuses   = []string{"Actual", "Exercise", "System", "Test", "Draft"}
	types      = []string{"Alert", "Update", "Cancel", "Ack", "Error"}
	scopes     = []string{"Public", "Restricted", "Private"}
	categories = []string{"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}
	responses  = []string{"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"}
	urgencies  = []string{"Immediate", "Expected", "Future", "Past", "Unknown"}
	severities = []string{"Extreme", "Severe", "Moderate", "Minor", "Unknown"}
	certain    = []string{"Observed", "Likely", "Possible", "Unlikely", "Unknown"}
)

var areaElement = element{name: "area", of: []element{
	one("areaDesc", nil), any0("polygon"), any0("circle"), pairs("geocode"), maybe("altitude", nil), maybe("ceiling", nil),
}}

var resourceElement = element{name: "resource", of: []element{
	one("resourceDesc", nil), one("mimeType", nil), maybe("size", nil), maybe("uri", nil), maybe("derefUri", nil), maybe("digest", nil),
}}

var infoElement = element{name: "info", of: []element{
	maybe("language", language), {name: "category", least: 1, is: words(categories...)}, one("event", nil),
	{name: "responseType", is: words(responses...)}, one("urgency", words(urgencies...)), one("severity", words(severities...)),
	one("certainty", words(certain...)), maybe("audience", nil), pairs("eventCode"),
	maybe("effective", when), maybe("onset", when), maybe("expires", when),
	maybe("senderName", nil), maybe("headline", nil), maybe("description", nil), maybe("instruction", nil),
	maybe("web", nil), maybe("contact", nil), pairs("parameter"), resourceElement, areaElement,
}}

var alertElement = element{name: "alert", of: []element{
	one("identifier", id), one("sender", id), one("sent", when),
	one("status", words(statuses...)), one("msgType", words(types...)), maybe("source", nil),
	one("scope", words(scopes...)), maybe("restriction", nil), maybe("addresses", nil), any0("code"),
	maybe("note", nil), maybe("references", nil), maybe("incidents", nil), infoElement,
}}
