package authority

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"loa/scripts/authority/durable"
)

// BridgePrefix begins the name under which a province's broker connects to the
// centre's. No box has one: the access list lets it say more.
const BridgePrefix = "bridge-"

// BridgeDir is what the machine of a province's broker needs, and no more: no key of
// a person is in it.
func (a *Authority) BridgeDir(place string) string { return filepath.Join(a.dir, "bridges", place) }

// Bridges are the places that have a broker of their own.
func (a *Authority) Bridges() (places []string, err error) {
	entries, err := os.ReadDir(filepath.Join(a.dir, "bridges"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		places = append(places, e.Name())
	}
	return places, err
}

// IssueBridge makes the certificates of a province's broker, which is reached under
// hosts, and of its bridge. The CA's certificate and the list of the revoked are links to
// the authority's own, so they are never old.
func (a *Authority) IssueBridge(place string, hosts []string) error {
	s := a.read()
	if _, ok := s.Places[place]; !ok {
		return fail("no-place", nil, place)
	}
	if _, taken := s.Boxes[BridgePrefix+place]; taken {
		return fail("box-exists", nil, BridgePrefix+place)
	}
	dir := filepath.Join(a.BridgeDir(place), "tls")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"ca.crt", "ca.crl"} {
		err := os.Symlink(filepath.Join("..", "..", "..", "tls", name), filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	cert, key, err := ca.Server(hosts, a.o.Now())
	if err != nil {
		return err
	}
	pub, priv, err := newKey()
	if err != nil {
		return err
	}
	bridgeCert, bridgeKey, err := clientPair(ca, BridgePrefix+place, pub, priv, a)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"server.crt": cert, "server.key": key, "bridge.crt": bridgeCert, "bridge.key": bridgeKey} {
		if err := durable.Write(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}

// Within are a place, all above it up to the root's own, and all below it.
func (a *Authority) Within(place string) (codes []string) {
	places := a.Places()
	for up := place; up != ""; up = places[up].Parent {
		codes = append(codes, up)
	}
	for code := range places {
		for up := places[code].Parent; up != ""; up = places[up].Parent {
			if up == place {
				codes = append(codes, code)
				break
			}
		}
	}
	slices.Sort(codes)
	return codes
}
