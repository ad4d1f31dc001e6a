package broker

import "strings"

// Conf writes the configuration of a province's mosquitto, whose certificates
// and access list lie in dir. What a line is for stands above it, because an
// operator will read it there.
func Conf(port, dir string) string {
	return strings.NewReplacer("PORT", port, "DIR", strings.TrimSuffix(dir, "/")).Replace(`# A broker for Loa: mosquitto 2.0 or newer. It takes a remark at the end of a line
# for a part of the value, so every remark has a line of its own.
#
# The broker is a cache. Whoever signs keeps the documents and sends again what
# a broker has lost, so nothing here has to be saved at any price.
per_listener_settings false
persistence true
persistence_location /var/lib/mosquitto/
# A crash loses at most 10 s, which the dispatcher mends.
autosave_interval 10
max_inflight_messages 20
# What is more is thrown away without a word, the newest first, also for a client that
# is connected and reads: the dispatcher is told by every box at once when a province
# comes back.
max_queued_messages 20000
max_queued_bytes 67108864
# Sessions only bridge a short break: an order lives for 15 minutes, documents are
# retained, and who was away for a month shall not be given all that came and went.
persistent_client_expiration 1h
max_packet_size 262144
max_keepalive 1800
set_tcp_nodelay true
# By pattern; no line for a box, ever.
acl_file DIR/loa.acl

listener PORT
# With LimitNOFILE=65536 in the unit file.
max_connections 20000
cafile DIR/ca.crt
certfile DIR/server.crt
keyfile DIR/server.key
# Boxes that were stolen or taken down. systemctl reload reads it again; who is connected
# stays until it drops, so restart after that.
crlfile DIR/ca.crl
# The certificate's CN is the user and the client id; otherwise any box could
# throw another one off.
require_certificate true
use_identity_as_username true
use_username_as_clientid true
tls_version tlsv1.2
`)
}
