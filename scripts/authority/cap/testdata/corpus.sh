#!/bin/sh
# Makes the corpus of messages: keys and certificates by openssl, signatures by xmlsec1,
# which shares no code with what is tested. Run it in this folder; the keys are new each
# time, and so is every signed file. Then: go test -run TestCorpus -update, and read the
# difference.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf corpus/*.xml certs
mkdir -p corpus certs

cat >"$work/ca.conf" <<END
[ca]
default_ca = x
[x]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = p
[p]
commonName = supplied
END
cert() { # NAME openssl-key-options…
	name=$1; shift
	openssl req -new -newkey "$@" -noenc -keyout "$work/$name.key" -out "$work/$name.csr" -subj "/CN=$name" 2>/dev/null
	: >"$work/index"
	# Good for a century, and from before the messages.
	openssl ca -batch -notext -selfsign -config "$work/ca.conf" -keyfile "$work/$name.key" -in "$work/$name.csr" \
		-startdate 20260101000000Z -enddate 21260101000000Z -out "certs/$name.pem" 2>/dev/null
}
cert kttv rsa:2048
cert kttv-ec ec -pkeyopt ec_paramgen_curve:P-256
cert thuy-loi ec -pkeyopt ec_paramgen_curve:P-384
cert stranger rsa:2048

ds=http://www.w3.org/2000/09/xmldsig#
signature() { # METHOD DIGEST
	cat <<END
<Signature xmlns="$ds"><SignedInfo><CanonicalizationMethod Algorithm="${C14N:-http://www.w3.org/2001/10/xml-exc-c14n#}"/><SignatureMethod Algorithm="$1"/><Reference URI=""><Transforms><Transform Algorithm="${ds}enveloped-signature"/><Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></Transforms><DigestMethod Algorithm="$2"/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>
END
}
more=http://www.w3.org/2001/04/xmldsig-more#
sha256=http://www.w3.org/2001/04/xmlenc#sha256

# sign NAME KEY METHOD DIGEST: the message on standard input, signed
sign() {
	sed '/<\/alert>/d' >"$work/in"
	{ cat "$work/in"; signature "$3" "$4"; echo '</alert>'; } >"$work/template"
	xmlsec1 --sign --privkey-pem "$work/$2.key,certs/$2.pem" --output "corpus/$1.xml" "$work/template" 2>"$work/err" ||
		{ cat "$work/err" >&2; exit 1; }
}
rsa() { sign "$1" "${2:-kttv}" ${more}rsa-sha256 $sha256; }
ec() { sign "$1" "${2:-kttv-ec}" ${more}ecdsa-sha256 $sha256; }

# alert IDENTIFIER [SED…]: a message, with changes
alert() {
	id=$1; shift
	sed -e "s/@ID@/$id/" "$@" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>@ID@</identifier>
  <sender>kttv@example.vn</sender>
  <sent>2026-11-27T14:00:00+07:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <!--references-->
  <info>
    <language>vi-VN</language>
    <category>Met</category>
    <event>Lũ quét</event>
    <responseType>Evacuate</responseType>
    <urgency>Immediate</urgency>
    <severity>Extreme</severity>
    <certainty>Observed</certainty>
    <expires>2026-11-27T20:00:00+07:00</expires>
    <senderName>Đài Khí tượng Thủy văn</senderName>
    <headline>Lũ quét trên sông Sài Gòn</headline>
    <description>Nước lên rất nhanh ở thượng nguồn.</description>
    <instruction>Rời ngay vùng trũng, lên chỗ cao.</instruction>
    <area>
      <areaDesc>Xã An Sơn</areaDesc>
      <geocode><valueName>VN-ADM</valueName><value>26734</value></geocode>
    </area>
  </info>
</alert>
END
}
refers() { echo "s|<!--references-->|<references>kttv@example.vn,$1,2026-11-27T14:00:00+07:00</references>|"; }
update='s/>Alert</>Update</'
cancel='s/>Alert</>Cancel</'
later='s/<sent>2026-11-27T14:00/<sent>2026-11-27T14:10/'

alert LQ-1 | rsa valid
alert LQ-1 | ec valid-ecdsa
alert LQ-1 | sed '/<!--references-->/d; s/^ *//' | sign valid-sha512 kttv ${more}rsa-sha512 http://www.w3.org/2001/04/xmlenc#sha512
# As some write it: prefixes, and namespaces that nobody uses.
{
	alert LQ-1 | sed -E -e '/<\/alert>/d' -e 's|<(/?)([a-z])|<\1cap:\2|g' -e 's|xmlns=|xmlns:unused="urn:x" xmlns:ds="'$ds'" xmlns:cap=|'
	signature ${more}rsa-sha256 $sha256 | sed -E 's|<(/?)([A-Z])|<\1ds:\2|g; s| xmlns="[^"]*"||'
	echo '</cap:alert>'
} >"$work/template"
xmlsec1 --sign --privkey-pem "$work/kttv.key,certs/kttv.pem" --output corpus/valid-prefixed.xml "$work/template"
alert LQ-2 -e "$update" -e "$(refers LQ-1)" -e "$later" -e 's/sông Sài Gòn/sông Sài Gòn và rạch Bà Lụa/' -e 's/>Extreme</>Severe</' | rsa update
alert LQ-3 -e "$cancel" -e "$later" -e "$(refers LQ-2)" | sed 's/<sent>2026-11-27T14:10/<sent>2026-11-27T14:20/; /<info>/,/<\/info>/d' | rsa cancel
alert LQ-4 -e 's/T20:00:00/T14:10:00/' | rsa expired
alert LQ-5 -e 's/>26734</>01234</' | rsa wrong-area
alert LQ-6 -e 's/>26734</>27000</' | rsa foreign-area
alert LQ-7 -e '/<geocode>/d' | rsa no-geocode
alert LQ-8 >corpus/unsigned.xml
alert LQ-9 | rsa wrong-signer stranger
alert LQ-10 -e 's/kttv@example.vn/la@example.vn/' | rsa unknown-sender stranger
alert LQ-12 | rsa tampered
sed -i 's/sông Sài Gòn/sông Đồng Nai/' corpus/tampered.xml
alert LQ-13 | sed '/<!--references-->/d' | sign sha1 kttv ${ds}rsa-sha1 ${ds}sha1
alert LQ-14 | sign sha1-digest kttv ${more}rsa-sha256 ${ds}sha1
C14N=http://www.w3.org/TR/2001/REC-xml-c14n-20010315; export C14N
alert LQ-15 | rsa inclusive
unset C14N

# Wrapped: the signed alert lies unharmed inside of another, which says something else.
{ echo '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'; alert LQ-66 | sed -e 1,2d -e 's/Lũ quét/Vỡ đập/' -e '/<\/alert>/d'; sed 1d corpus/valid.xml; echo '</alert>'; } >corpus/wrapped-inside.xml
# … or its signature moved into an alert that it is not of.
{ alert LQ-66 | sed -e 's/Lũ quét/Vỡ đập/' -e '/<\/alert>/d'; sed -n '/<Signature/,/<\/Signature>/p' corpus/valid.xml; echo '</alert>'; } >corpus/wrapped-moved.xml
# … or beside a second signature.
sed '/<\/alert>/d' corpus/valid.xml >corpus/two-signatures.xml
{ sed -n '/<Signature/,/<\/Signature>/p' corpus/valid.xml; echo '</alert>'; } >>corpus/two-signatures.xml
# A comment that splits a text is not signed, and must not change what is read.
sed 's/Rời ngay vùng trũng/Rời ngay<!-- x --> vùng trũng/' corpus/valid.xml >corpus/comment.xml

alert LQ-20 -e 's/>Actual</>Exercise</' | rsa exercise
alert LQ-21 -e 's/>Actual</>Test</' | rsa test
alert LQ-22 -e 's/>Actual</>Draft</' | rsa draft
alert LQ-23 -e 's/>Actual</>System</' | rsa system
alert LQ-24 -e 's/>Public</>Private</' | rsa private
alert LQ-25 -e 's/>Alert</>Ack</' -e "$(refers LQ-1)" | rsa ack
alert LQ-26 -e 's/>Extreme</>Moderate</' -e 's/>Immediate</>Future</' | rsa moderate
alert LQ-27 -e 's/>Extreme</>Severe</' -e 's/>Immediate</>Expected</' -e 's/>Observed</>Likely</' -e 's/>26734</>74</' | rsa province
alert LQ-28 -e 's/>Met</>Security</' | rsa category
alert LQ-29 -e 's/kttv@example.vn/thuy-loi@example.vn/' | ec class thuy-loi
alert LQ-30 -e '/<expires>/d' | rsa no-expires
alert LQ-31 -e 's/2026-11-27T20:00:00/2026-12-27T20:00:00/' | rsa long
alert LQ-32 -e 's/VN-ADM/TINH-CU/' -e 's/>26734</>AS-01</' | rsa table
alert LQ-33 | sed '/<info>/,/<\/info>/H; /<\/alert>/{x; s/vi-VN/en-US/; s/Lũ quét trên sông Sài Gòn/Flash flood on the Saigon river/; s/Nước lên rất nhanh ở thượng nguồn./The water rises very fast upstream./; s/Rời ngay vùng trũng, lên chỗ cao./Leave low ground now./; G}' | sed '/^$/d; $!{/^<\/alert>/d}' | rsa two-languages
alert LQ-34 -e "$update" -e "$later" -e "$(refers LQ-0)" | rsa update-unknown
alert LQ-35 -e "$cancel" -e "$(refers LQ-0)" | rsa cancel-unknown
alert LQ-36 -e "$cancel" -e 's|<!--references-->|<references>ai-do@example.vn,X-1,2026-11-27T14:00:00+07:00</references>|' | rsa cancel-foreign
alert LQ-37 -e 's/>Actual</>Exercise</' -e "$cancel" -e "$(refers LQ-1)" | rsa cancel-exercise
alert LQ-38 -e 's/2026-11-27T14:00:00/2026-11-28T14:00:00/' -e 's/2026-11-27T20/2026-11-28T20/' | rsa future
alert LQ-1 -e 's/Sài Gòn/Đồng Nai/' | rsa conflict

# What is no CAP 1.2, and what is no XML that anybody should read.
raw() { cat >"corpus/$1.xml"; }
alert LQ-40 -e 's/>Extreme</>Rất nặng</' | raw schema-word
alert LQ-41 -e '/<certainty>/d' | raw schema-missing
alert LQ-42 -e '/<urgency>/d' -e 's|<certainty>|<urgency>Immediate</urgency>&|' | raw schema-order
alert LQ-43 -e 's/T14:00:00+07:00/T07:00:00Z/' | raw schema-time
alert LQ-44 -e 's|<event>|<evnt>x</evnt>&|' | raw schema-unknown
alert LQ-45 -e 's/cap:1.2/cap:1.1/' | raw schema-version
alert 'LQ 46' | raw schema-identifier
alert LQ-47 -e '/<info>/,/<\/info>/d' | raw schema-no-info
alert LQ-48 -e 's|<sender>|<sender>a@b</sender>&|' | raw schema-twice
alert LQ-49 -e "$update" | raw schema-no-references
alert LQ-50 | sed 's|</info>|</inf>|' | raw malformed
: | raw empty
alert LQ-51 | iconv -t windows-1258 2>/dev/null >corpus/windows-1258.xml || alert LQ-51 | iconv -c -t iso-8859-1 >corpus/windows-1258.xml
alert LQ-52 -e 's/UTF-8/TCVN/' | raw declared-tcvn
alert LQ-53 | iconv -t utf-16 | raw utf-16
sed '1a <!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>' corpus/unsigned.xml | sed 's|Lũ quét trên|\&x;|' | raw xxe
sed '1a <!DOCTYPE alert [<!ENTITY a "ha"><!ENTITY b "\&a;\&a;\&a;\&a;\&a;\&a;\&a;\&a;"><!ENTITY c "\&b;\&b;\&b;\&b;\&b;\&b;\&b;\&b;">]>' corpus/unsigned.xml | sed 's|Lũ quét trên|\&c;|' | raw billion-laughs
sed '1a <!DOCTYPE alert SYSTEM "http://example.vn/evil.dtd">' corpus/unsigned.xml | raw dtd
sed 's|Lũ quét trên|\&x;|' corpus/unsigned.xml | raw entity
sed '1a <?xml-stylesheet href="x"?>' corpus/unsigned.xml | raw instruction
{ printf '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'; for i in $(seq 200); do printf '<info>'; done; } | raw deep
