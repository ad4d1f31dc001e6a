package main

// boxRevoke ends a box's certificate: it was stolen, burnt or taken down.
func (a *app) boxRevoke(args []string) error {
	fs := a.flags("box revoke")
	why := fs.String("why", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	listed, err := au.RevokeBox(rest[0], *why)
	if err != nil {
		return err
	}
	if !listed {
		a.note("box.unlisted", rest[0])
	}
	return a.say(map[string]any{"box": rest[0], "revoked": true, "listed": listed, "file": au.RevocationFile()}, "box.revoked", rest[0], au.RevocationFile())
}
