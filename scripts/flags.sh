# How the agent is built that boxes are given, for the others to source: build it with
# go build "${agent_flags[@]}" -ldflags … ./agent. shellcheck shell=bash disable=SC2034
#
# Of HTTP/2 no request of a box makes use. Only what goes through samples, pixels and
# ciphers is inlined: elsewhere it makes the program most of a MiB larger and nothing
# quicker.
agent_flags=(-tags nethttpomithttp2 -trimpath -gcflags='loa/...=-l')
for hot in agent/sound/... agent/decode agent/layout/... agent/speaker drivers/oto drivers/kms drivers/colorlight drivers/ddp drivers/e131; do
	agent_flags+=(-gcflags="loa/$hot=")
done
for cold in fmt text/... log/... regexp/... net/... crypto/tls crypto/x509 encoding/json encoding/xml encoding/asn1 \
	github.com/pelletier/... github.com/eclipse/... github.com/gorilla/... github.com/asticode/...; do
	agent_flags+=(-gcflags="$cold=-l")
done
unset hot cold
