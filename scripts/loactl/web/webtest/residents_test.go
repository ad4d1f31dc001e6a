package webtest

import (
	"path/filepath"
	"testing"
	"time"
)

// A box says a bulletin, and people read and hear it.
func TestWebResidents(t *testing.T) {
	s := Start(t)
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	s.Loactl("policy", "sign", s.File("quiet.toml", "id = \"quiet\"\nplace = \""+Commune+"\"\nzone = \"+07:00\"\nquiet_hours = []\nvalid_until = "+until+"\n"), "--as", Commune+"-1,"+Commune+"-2", "--send")
	s.Loactl("bulletin", "sign", s.File("hop.toml", "id = \"hop\"\nplace = \""+Commune+"\"\ntitle = \"Họp tổ dân phố <b>tối nay</b>\"\ntext = \"\"\"19 giờ tại nhà văn hoá.\n<script>document.title='đã bị chiếm'</script>\"\"\"\nvalid_until = "+until+"\n[[audio]]\nfile = \""+s.Tone("hop.wav", 4)+"\"\n"), "--as", Commune+"-1", "--send")
	s.Loactl("bulletin", "sign", s.File("mai.toml", "id = \"mai\"\nplace = \""+Commune+"\"\ntitle = \"Chưa phát: ngày mai\"\ntext = \"bí mật đến ngày mai\"\nvalid_until = "+until+"\n"), "--as", Commune+"-1", "--send")
	s.Taken("play", Commune, "--bulletin", "hop", "--as", Commune+"-1")
	s.File(filepath.Base(s.Dir)+"/web.toml", "url = \"https://loa.example\"\n")
	s.Loactl("poll", "open", s.File("cho.toml", "id = \"cho\"\nplace = \""+Commune+"\"\ntitle = \"Chợ mới đặt ở đâu?\"\nby = \"slip\"\nuntil = "+until+"\n[[question]]\ntext = \"Chỗ nào?\"\noptions = [\"Bến phà\", \"Ngã ba\"]\n"))
	slips := filepath.Join(filepath.Dir(s.Dir), "slips.html")
	s.Loactl("poll", "slips", "cho", "--count", "2", "--out", slips)
	s.Browse("residents.test.mjs", "LOA_SLIPS="+slips)
	s.Browse("alert.test.mjs")
}
