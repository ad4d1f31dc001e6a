package cap

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/csv"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"

	"loa/agent/plan"
)

// File is the name of the list of senders in an authority's folder.
const File = "cap.toml"

// A List is cap.toml: whose messages are taken, and from where.
type List struct {
	// Geocodes are the valueNames whose values are codes of places as they stand, and
	// GeocodeTable a CSV file with lines valueName,value,place for all others.
	Geocodes     []string `toml:"geocodes"`
	GeocodeTable string   `toml:"geocode_table"`
	Folder       string   `toml:"folder"` // watched for new files; empty: none
	Senders      []Sender `toml:"senders"`

	table map[Geocode]string
}

// A Sender is an agency that may ask for alerts.
type Sender struct {
	Sender       string       `toml:"sender"`       // as it stands in its messages
	Name         string       `toml:"name"`         // for people
	Certificates []string     `toml:"certificates"` // PEM files; two while it changes from one to the next
	Places       []string     `toml:"places"`       // with all below them
	Classes      []plan.Class `toml:"classes"`      // emergency, priority, drill
	Categories   []string     `toml:"categories"`   // of CAP; none: all
	Office       string       `toml:"office"`       // whose alerts they become; empty: the place's own
	Feed         string       `toml:"feed"`         // https://… of its Atom feed; empty: none
	FeedCA       string       `toml:"feed_ca"`      // PEM; empty: the system's

	certs []*x509.Certificate
}

// Load reads the list in an authority's folder, and the files that it names beside it.
// Without any it gives fs.ErrNotExist.
func Load(dir string) (*List, error) {
	name := filepath.Join(dir, File)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	l, err := read(data, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l, nil
}

func read(data []byte, dir string) (*List, error) {
	var l List
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&l); err != nil {
		var strict *toml.StrictMissingError
		var syntax *toml.DecodeError
		switch {
		case errors.As(err, &strict):
			return nil, listed("có mục không ai biết: %s", "unknown setting: %s", strict.String())
		case errors.As(err, &syntax):
			line, _ := syntax.Position()
			e := listed("%s", "%s", syntax.Error())
			e.Line = line
			return nil, e
		}
		return nil, err
	}
	beside := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	l.Folder = beside(l.Folder)
	seen := make(map[string]bool)
	for i := range l.Senders {
		s := &l.Senders[i]
		if seen[s.Sender] {
			return nil, listed("senders[%d]: %s có hai lần", "senders[%d]: %s is there twice", i, s.Sender)
		}
		seen[s.Sender] = true
		s.FeedCA = beside(s.FeedCA)
		if err := s.check(beside); err != nil {
			return nil, fmt.Errorf("senders[%d] (%s): %w", i, s.Sender, err)
		}
	}
	return &l, l.readTable(beside(l.GeocodeTable))
}

// listed says what is wrong with the list.
func listed(vi, en string, args ...any) *Error {
	e := refuse("senders", vi, en, args...)
	return e
}

func (s *Sender) check(beside func(string) string) error {
	if _, en := id(s.Sender); en != "" {
		return listed("ghi sender đúng như trong bản tin", "write sender as it stands in its messages")
	}
	if len(s.Places) == 0 || len(s.Classes) == 0 || len(s.Certificates) == 0 {
		return listed("ghi places, classes và certificates", "write places, classes and certificates")
	}
	for _, c := range s.Classes {
		if c != plan.Emergency && c != plan.PriorityC && c != plan.Drill {
			return listed("classes: %q; ghi emergency, priority hoặc drill", "classes: %q; write emergency, priority or drill", c)
		}
	}
	for _, c := range s.Categories {
		if !slices.Contains(categories, c) {
			return listed("categories: CAP không có %q", "categories: CAP has no %q", c)
		}
	}
	if s.Office != "" && !plan.ValidID(s.Office) {
		return listed("office = %q không dùng làm mã được", "office = %q cannot be a code", s.Office)
	}
	if s.Feed != "" {
		if u, err := url.Parse(s.Feed); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return listed("feed = %q: ghi https://…", "feed = %q: write https://…", s.Feed)
		}
	}
	for _, name := range s.Certificates {
		c, err := certificate(beside(name))
		if err != nil {
			return err
		}
		s.certs = append(s.certs, c)
	}
	return nil
}

// certificate reads one, whose key is strong enough. Who has signed it does not
// matter: it is pinned.
func certificate(name string) (*x509.Certificate, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, listed("%s: phải có đúng một chứng thư PEM", "%s: it has to be one certificate in PEM", name)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, listed("%s: không đọc được chứng thư: %v", "%s: the certificate cannot be read: %v", name, err)
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() >= 2048 {
			return c, nil
		}
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize >= 256 {
			return c, nil
		}
	}
	return nil, listed("%s: khóa phải là RSA từ 2048 bit hoặc ECDSA từ 256 bit", "%s: the key has to be RSA of 2048 bits or ECDSA of 256 bits and up", name)
}

// maxTable is how many geocodes a table may have: all communes, in a few systems.
const maxTable = 100_000

func (l *List) readTable(name string) error {
	l.table = make(map[Geocode]string)
	if name == "" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment, r.FieldsPerRecord = '#', 3
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return listed("%s: mỗi dòng là valueName,value,địa bàn: %v", "%s: each line is valueName,value,place: %v", name, err)
		}
		line, _ := r.FieldPos(0)
		g, place := Geocode{row[0], row[1]}, row[2]
		if !plan.ValidID(place) || len(l.table) == maxTable {
			return listed("%s, dòng %d: %q không phải mã địa bàn, hoặc bảng quá dài", "%s, line %d: %q is no code of a place, or the table is too long", name, line, clip(place))
		}
		if was, ok := l.table[g]; ok && was != place {
			return listed("%s, dòng %d: %s %s đã là %s", "%s, line %d: %s %s is %s already", name, line, clip(g.ValueName), clip(g.Value), was)
		}
		l.table[g] = place
	}
}

// place is the code that a geocode stands for; ok is false for one of another system
// or another part of the country.
func (l *List) place(g Geocode) (code string, ok bool) {
	if code, ok = l.table[g]; ok {
		return code, true
	}
	return g.Value, slices.Contains(l.Geocodes, g.ValueName) && plan.ValidID(g.Value)
}

// sender is the entry of a name.
func (l *List) sender(name string) (*Sender, error) {
	for i := range l.Senders {
		if l.Senders[i].Sender == name {
			return &l.Senders[i], nil
		}
	}
	return nil, refuse(CodeNoSender, "%s không có trong danh sách bên gửi (%s)", "%s is not on the list of senders (%s)", clip(name), File)
}

// Open reads and verifies a message by the list. signed are the bytes that it was
// read from.
func (l *List) Open(raw []byte, now time.Time) (m *Message, s *Sender, signed []byte, err error) {
	claimed, err := Read(raw)
	if err != nil {
		return nil, nil, nil, err
	}
	if s, err = l.sender(claimed.Sender); err != nil {
		return claimed, nil, nil, err
	}
	m, signed, err = s.Verify(raw, now)
	return m, s, signed, err
}
