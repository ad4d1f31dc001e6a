package ledger

import "loa/agent/plan"

// phrases are the details that the box writes in its own words, and these words
// for the people here. The ledger itself is in one language: its lines are signed.
var phrases = map[string]string{
	"all clear":                        "hết báo động",
	"over":                             "đã hết",
	"the agent ended while it sounded": "thiết bị tắt khi đang phát",
	"a stored document counts no more": "văn bản đã lưu không còn giá trị",
}

// Says gives the detail of an entry in both languages where the box wrote it in
// its own words; anything else, a command or an error of a device, as it stands.
func (e Entry) Says() plan.Sentence {
	if vi, ok := phrases[e.Detail]; ok {
		return plan.Sentence{VI: vi, EN: e.Detail}
	}
	return plan.Sentence{VI: e.Detail, EN: e.Detail}
}
