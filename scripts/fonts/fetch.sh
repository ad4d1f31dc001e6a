#!/bin/sh
# Brings the sources of the fonts into a folder: scripts/fonts/fetch.sh DIR
# Needs apt-get, npm and python3-fonttools. See main.go for what comes from where.
set -eu
[ $# -eq 1 ] || { echo "usage: scripts/fonts/fetch.sh DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
apt-get download xfonts-efont-unicode=0.4.2-12 xfonts-base=1:1.0.5+nmu1
for deb in *.deb; do dpkg-deb -x "$deb" debian; done
for package in galmuri@2.40.3 @expo-google-fonts/be-vietnam-pro@0.4.1 @expo-google-fonts/noto-sans-khmer@0.4.3; do
	tar -xzf "$(npm pack --silent "$package")" --one-top-level="npm/${package%@*}"
done
cp debian/usr/share/fonts/X11/misc/b16.pcf.gz debian/usr/share/fonts/X11/misc/b24.pcf.gz \
	debian/usr/share/fonts/X11/misc/6x13.pcf.gz npm/galmuri/package/dist/Galmuri9.bdf .

vietnam=npm/@expo-google-fonts/be-vietnam-pro/package/500Medium/BeVietnamPro_500Medium.ttf
khmer=npm/@expo-google-fonts/noto-sans-khmer/package/500Medium/NotoSansKhmer_500Medium.ttf
sha256sum -c <<SUMS
f493144cb53c78c6f0819bc9b73de274486618ac609bc92b3b79d4efc76f95c6  $vietnam
8af7b9c1aad76600cfb0c15d217ff3471ab0fea59b3a631559b1610dc74f4608  $khmer
SUMS
# No ligatures and alternates in Latin: what is measured is what is set.
/usr/bin/python3 -m fontTools.subset "$vietnam" --output-file=sans.ttf --layout-features=kern,mark,mkmk,ccmp --no-hinting \
	--unicodes=U+0020-007E,U+00A0-02FF,U+1E00-1EFF,U+2010-205E,U+2070-20BF,U+2100-22FF,U+2500-27BF
/usr/bin/python3 -m fontTools.subset "$khmer" --output-file=khmer.ttf --layout-features='*' --no-hinting \
	--unicodes=U+1780-17FF,U+19E0-19FF,U+200B-200D,U+25CC
