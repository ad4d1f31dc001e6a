package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"loa/scripts/authority"
	"loa/scripts/authority/durable"
	"loa/scripts/broker"
)

// senderNames are the programs that may read and write everything.
var senderNames = append([]string{dispatcherName}, toolNames...)

// ownLines are what people add to an access list: it is written anew at every change.
const ownLines = "own.acl"

// writeAccess writes what mosquitto lets whom do, the centre's and those of provinces:
// the senders, the bridges, every batch that there is or was, and one that is about to
// be made. A batch without its lines would be held for a box with a name.
func writeAccess(au *authority.Authority, batch string) error {
	batches := slices.Sorted(maps.Keys(au.Claims()))
	if batch != "" && !slices.Contains(batches, batch) {
		batches = append(batches, batch)
	}
	claims := ""
	for _, b := range batches {
		claims += broker.ClaimACL(b)
	}
	provinces, err := au.Bridges()
	if err != nil {
		return err
	}
	centre := ""
	for _, p := range provinces {
		b := bridgeOf(au, p)
		centre += b.ACL()
		if err := writeList(au.BridgeDir(p), b.LocalACL()+claims); err != nil {
			return err
		}
	}
	return writeList(au.Dir(), centre+claims)
}

func writeList(dir, lines string) error {
	dir = filepath.Join(dir, "mosquitto")
	own, err := os.ReadFile(filepath.Join(dir, ownLines))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	head := "# loactl writes this file; lines of yours belong into " + ownLines + " beside it.\n"
	return durable.Write(filepath.Join(dir, "loa.acl"), []byte(head+broker.ACL(senderNames...)+lines+string(own)))
}
