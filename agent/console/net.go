package console

import (
	"slices"
	"strings"

	"loa/agent/config"
)

// A Link is an interface of the box as it is now.
type Link struct {
	Name      string   `json:"name"`
	Up        bool     `json:"up"`
	Addresses []string `json:"addresses"`
	Gateway   string   `json:"gateway,omitempty"` // of the way out that goes over it
}

// net is how the box reaches its network, and how it should.
func (c *call) net() (answer, error) {
	if c.box.Config == nil {
		return answer{}, c.absent()
	}
	switch {
	case len(c.args) == 0 || len(c.args) == 1 && c.args[0] == "show":
		return c.netShow()
	case len(c.args) >= 2 && c.args[0] == "set":
		return c.netSet(c.args[1], c.args[2:])
	}
	return answer{}, c.misused()
}

func (c *call) netShow() (answer, error) {
	n := c.box.Config.Running().Network
	var links []Link
	if c.box.Links != nil {
		links = c.box.Links()
	}
	shown := n
	for _, secret := range []*string{&shown.Password, &shown.PIN} {
		if *secret != "" {
			*secret = "***"
		}
	}
	data := struct {
		Settings config.Network `json:"settings"`
		Links    []Link         `json:"links"`
		Ours     bool           `json:"ours"` // the box can set its network itself
	}{shown, links, c.box.NetworkIsOurs}
	var b rows
	address := c.say("net.dhcp")
	if n.Address != "" {
		address = join(", ", n.Address, n.Interface)
	}
	b.row(c.say("net.address"), address)
	if n.Gateway != "" {
		b.row(c.say("net.gateway"), n.Gateway)
	}
	b.row("DNS", or(strings.Join(n.DNS, " "), c.say("net.dns.given")))
	b.row(c.say("net.order"), strings.Join(n.Ways(), " > "))
	apn := or(n.APN, c.say("net.apn.given"))
	if n.User != "" {
		apn += ", " + n.User
	}
	b.row("APN", apn)
	b.row(c.say("net.pin"), c.say("net.pin."+onOff(n.PIN != "")))
	for _, l := range links {
		state := c.say("net.down")
		if l.Up {
			state = or(strings.Join(l.Addresses, " "), c.say("net.noaddress"))
		}
		if l.Gateway != "" {
			state += ", " + c.say("net.out", l.Gateway)
		}
		b.row(l.Name, state)
	}
	text := b.String() + c.pending()
	if !c.box.NetworkIsOurs {
		text += c.say("net.others") + "\n"
	}
	return answer{data: data, text: text}, nil
}

// netKeys are the words of net set that are one key.
var netKeys = map[string]string{
	"gateway": "network.gateway", "dns": "network.dns", "order": "network.order", "pin": "network.pin", "interface": "network.interface",
}

// netSet changes the candidate.
func (c *call) netSet(word string, args []string) (answer, error) {
	switch {
	case word == "dhcp" && len(args) == 0:
		return c.change(func(k config.Config) (config.Config, error) {
			n := &k.Network
			if n.Address != "" && slices.Equal(n.DNS, []string{n.Gateway}) {
				n.DNS = nil // net set static put it there
			}
			n.Address, n.Gateway, n.Interface = "", "", ""
			return k, nil
		})
	case word == "static" && len(args) > 0:
		return c.change(func(k config.Config) (config.Config, error) { return static(k, args) })
	case word == "apn" && len(args) != 2 && len(args) <= 3:
		args := append(args, "", "", "")
		return c.change(func(k config.Config) (config.Config, error) {
			k.Network.APN, k.Network.User, k.Network.Password = args[0], args[1], args[2]
			return k, nil
		})
	case netKeys[word] != "":
		return c.edit(netKeys[word], args...)
	}
	return answer{}, c.misused()
}

// static is an address, then the gateway, then DNS servers; without those the gateway is
// the one that is asked.
func static(k config.Config, args []string) (config.Config, error) {
	n := config.Network{Order: k.Network.Order, Interface: k.Network.Interface, Address: args[0], DNS: k.Network.DNS}
	if len(args) > 1 {
		n.Gateway, n.DNS = args[1], args[1:2]
	}
	if len(args) > 2 {
		n.DNS = args[2:]
	}
	n.APN, n.User, n.Password, n.PIN = k.Network.APN, k.Network.User, k.Network.Password, k.Network.PIN
	if err := n.Validate(); err != nil {
		return k, err
	}
	k.Network = n
	return k, nil
}
