module loa

go 1.26.0

require (
	github.com/asticode/go-astikit v0.30.0 // go-astits reads its stream through it
	github.com/asticode/go-astits v1.13.0 // MPEG-TS segments of HLS stations
	github.com/beevik/etree v1.7.0 // the trees that goxmldsig works on; BSD-2
	github.com/creack/pty v1.1.24 // tests give the console a terminal
	github.com/eclipse/paho.mqtt.golang v1.5.1 // MQTT 3.1.1 client, behind the guard in agent/mqtt
	github.com/go-text/typesetting v0.3.5 // shapes Khmer, and outlines of letters
	github.com/hajimehoshi/oto/v2 v2.4.3 // sound by ALSA; the last v2, one player at 48 kHz
	github.com/jfreymuth/vorbis v1.0.2 // Vorbis packets; Ogg is read in agent/decode
	github.com/mochi-mqtt/server/v2 v2.7.9 // the broker of demo and tests, never in the agent
	github.com/nats-io/nats-server/v2 v2.15.2 // the cluster broker in scripts/broker/natsd alone; Apache-2.0
	github.com/pelletier/go-toml/v2 v2.4.3 // settings, boards and documents that people write; strict, with lines
	github.com/pion/opus v0.1.0 // Opus packets without cgo
	github.com/rogpeppe/go-internal v1.16.0 // testscript: txtar scripts drive the built agent from outside
	github.com/russellhaering/goxmldsig v1.6.1 // exclusive XML canonical form, for the signatures of CAP alerts; Apache-2.0
	github.com/tphakala/go-aac v0.4.0 // AAC-LC frames without cgo
	github.com/tphakala/go-opus v0.1.2 // Opus packets of live talk at the sender, without cgo (BSD-3)
	go.bug.st/serial v1.8.0 // the console's serial line
	golang.org/x/crypto v0.58.0 // Argon2id and ChaCha20-Poly1305 seal the authority's key files
	golang.org/x/image v0.47.0 // rasterises outlines
	golang.org/x/sync v0.24.0 // errgroup, in loactl
	golang.org/x/sys v0.49.0 // poll, sockets, terminals and clocks that package syscall lacks
	golang.org/x/term v0.47.0 // line editing and passphrases
	golang.org/x/text v0.43.0 // Vietnamese comes in NFC and NFD; playlists in Windows-1258
	golang.org/x/time v0.16.0 // how often one identity may ask the HTTP API
	modernc.org/sqlite v1.62.0 // the index of loactl serve, a cache; pure Go, so that no C sees what boxes report
	periph.io/x/conn/v3 v3.7.3 // the names that periph.io/x/host uses
	periph.io/x/host/v3 v3.8.5 // GPIO by the character device
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/SherClockHolmes/webpush-go v1.4.0 // Web Push: the encryption of RFC 8291 and VAPID are nothing to write oneself (MIT)
	github.com/antithesishq/antithesis-sdk-go v0.8.0-default-no-op // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/ebitengine/purego v0.4.1 // indirect
	github.com/go-webauthn/webauthn v0.18.2 // passkeys of people who sign in at the desk: CBOR, COSE and attestation are nothing to write oneself (BSD)
	github.com/google/go-tpm v0.9.8 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/jonboulle/clockwork v0.5.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/minio/highwayhash v1.0.4 // indirect
	github.com/nats-io/jwt/v2 v2.8.2 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/piglig/go-qr v1.1.0 // the square code on a paper key (MIT)
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/richardlehane/mscfb v1.0.9 // indirect
	github.com/richardlehane/msoleps v1.0.6 // indirect
	github.com/rs/xid v1.4.0 // indirect
	github.com/tiendc/go-deepcopy v1.7.2 // indirect
	github.com/tphakala/simd v1.5.0 // indirect
	github.com/xuri/efp v0.0.3-0.20260924042702-217b81952dec // indirect
	github.com/xuri/excelize/v2 v2.11.1 // the annual report as a workbook
	github.com/xuri/nfp v0.0.2-0.20250530014748-2ddeb826f9a9 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	honnef.co/go/tools v0.8.2 // indirect
	modernc.org/libc v1.80.1 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
	rsc.io/qr v0.2.0 // the square code of a box's label: a tenth of the size of the one above (BSD)
)

require (
	github.com/fxamacker/cbor/v2 v2.9.4 // indirect
	github.com/go-viper/mapstructure/v2 v2.5.0 // indirect
	github.com/go-webauthn/x v0.3.1 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	github.com/x448/float16 v0.8.4 // indirect
)

// scripts/lint.sh says which checks.
tool honnef.co/go/tools/cmd/staticcheck
