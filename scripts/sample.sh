#!/bin/sh
# Makes the sample morning programme in a folder: scripts/sample.sh DIR
# A spoken bulletin (MP3) and a piece of music (WAV), each with its master in
# 16-bit WAV to compare with what is heard. Speech by espeak-ng, strings by sox.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ ! -s music.wav ] || [ ! -s bulletin.mp3 ] || exit 0

espeak-ng -v vi -s 155 -w bulletin.tmp.wav \
	"Kính chào bà con. Sáng thứ hai, trạm y tế phường tiêm chủng cho trẻ em, bắt đầu lúc bảy giờ ba mươi phút."
sox -R bulletin.tmp.wav -r 24000 -c 1 -b 16 bulletin.master.wav gain -n -3
lame --quiet --nohist -m m -b 48 bulletin.master.wav bulletin.tmp.mp3

# Five notes and back, plucked, the last one held.
sox -R -n -r 44100 -b 16 -c 2 music.tmp.wav \
	synth 0.5 pluck D4 : synth 0.5 pluck F4 : synth 0.5 pluck G4 : synth 0.5 pluck A4 : synth 0.5 pluck C5 : \
	synth 0.5 pluck A4 : synth 0.5 pluck G4 : synth 1.5 pluck D4 fade t 0 1.5 0.8
cp music.tmp.wav music.master.wav
rm -f bulletin.tmp.wav
mv bulletin.tmp.mp3 bulletin.mp3
mv music.tmp.wav music.wav
