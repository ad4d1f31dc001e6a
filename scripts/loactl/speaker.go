package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"loa/agent/speech"
	"loa/agent/speech/engine"
)

// speechFile is where an authority says who reads its texts. Without it espeak-ng does,
// as people in the north speak.
const speechFile = "speech.toml"

// The engines.
const (
	espeak  = "espeak-ng"
	program = "exec"
	bank    = "bank"
)

// speechSettings are what stands in that file.
type speechSettings struct {
	Engine  string   `toml:"engine"`
	Region  string   `toml:"region"`
	Command []string `toml:"command"` // of exec: text on its standard input, a WAV file on its standard output; {region} is filled in
	Name    string   `toml:"name"`    // of its voice, for those who approve
	TimeS   int      `toml:"time_s"`  // for a sentence
	MaxMB   int      `toml:"max_mb"`  // of a sentence
	Phrases string   `toml:"phrases"` // of bank: the folder with its manifest.toml
}

// A speaker is an engine with the words of its region.
type speaker struct {
	kind, region, voice string
	choices             speech.Choices
	engine              engine.Engine
	bank                *engine.Bank
	spare               *speaker // who speaks when phrases are missing in a bank
}

// name is what a bulletin says of who read it: engine/region/voice.
func (s *speaker) name() string {
	return strings.TrimSuffix(s.kind+"/"+s.region+"/"+s.voice, "/")
}

// speaker is the one that the authority's file names, with what the command line says
// instead.
func (a *app) speaker(with, region string) (*speaker, error) {
	name := filepath.Join(a.dir, speechFile)
	set := speechSettings{}
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&set); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if with != "" {
		set.Engine = with
	}
	if region != "" {
		set.Region = region
	}
	if set.Region == "" {
		set.Region = speech.Regions[0]
	}
	choices, ok := speech.Region(set.Region)
	if !ok {
		return nil, &usageError{a.text("speech.region", set.Region, strings.Join(speech.Regions, ", "))}
	}
	plain := &speaker{kind: espeak, region: set.Region, choices: choices, engine: engine.Espeak(set.Region)}
	switch set.Engine {
	case "", espeak:
		return plain, nil
	case program:
		if len(set.Command) == 0 {
			return nil, errors.New(a.text("speech.command", name))
		}
		command := slices.Clone(set.Command)
		for i := range command {
			command[i] = strings.ReplaceAll(command[i], "{region}", set.Region)
		}
		p := &engine.Program{Command: command, Time: time.Duration(set.TimeS) * time.Second, Bytes: int64(set.MaxMB) << 20}
		return &speaker{kind: program, region: set.Region, voice: set.Name, choices: choices, engine: p}, nil
	case bank:
		if set.Phrases == "" {
			return nil, errors.New(a.text("speech.phrases", name))
		}
		dir := set.Phrases
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(a.dir, dir)
		}
		b, err := engine.OpenBank(dir)
		if err != nil {
			return nil, err
		}
		return &speaker{kind: bank, region: set.Region, voice: b.Voice, choices: choices, engine: b, bank: b, spare: plain}, nil
	}
	return nil, &usageError{a.text("speech.engine", set.Engine, strings.Join([]string{espeak, program, bank}, ", "))}
}
