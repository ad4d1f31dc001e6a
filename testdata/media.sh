#!/bin/sh
# Makes all test media: sh testdata/media.sh DIR [bench]
# With bench also recordings of 300 s, to be timed.
#
# Everything comes from programs that are Debian packages (espeak-ng sox lame
# ffmpeg opus-tools vorbis-tools flac) and from seeds written down here, so that
# two runs on one release give the same bytes. Nothing is downloaded and nothing
# here has an owner: speech by espeak-ng, music by sox's plucked strings.
# A file that exists is left alone.
set -eu
[ $# -eq 1 ] || [ "${2-}" = bench ] || { echo "usage: $0 DIR [bench]" >&2; exit 2; }
for tool in espeak-ng sox lame ffmpeg opusenc oggenc flac; do
	command -v $tool >/dev/null || { echo "$0: $tool is missing" >&2; exit 3; }
done
mkdir -p "$1"
cd "$1"
bench=${2-}
# Packages are tested side by side: the second one waits for the first one's files.
exec 9>lock
flock 9
export LC_ALL=C

# make FILE COMMAND...: runs the command, in which OUT is a temporary name, and
# gives the result its name only when it is whole.
make() {
	file=$1
	shift
	[ ! -s "$file" ] || return 0
	tmp=tmp.$file
	OUT=$tmp "$@" >log.txt 2>&1 || { echo "cannot make $file:" >&2; cat log.txt >&2; exit 1; }
	mv "$tmp" "$file"
}
ff() { ffmpeg -nostdin -v error -y -bitexact "$@" -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$OUT"; }
speech() { espeak-ng -v vi -s 150 -w "$OUT" "$1"; }
music() { # a tune of plucked strings over a drone, at 48 kHz in stereo
	sox -R -n -r 48000 -b 16 -c 2 "$OUT" synth "$1" pluck C3 pluck E3 \
		synth "$1" pinknoise mix synth "$1" sawtooth mix 110 tremolo 3 40 fade t 0.05 "$1" 0.05 gain -n -6
}

make speech.wav speech "Kính thưa bà con. Ủy ban nhân dân phường thông báo lịch tiêm chủng cho trẻ em vào sáng thứ bảy tuần này, bắt đầu từ bảy giờ ba mươi phút, tại trạm y tế. Đề nghị bà con mang theo sổ tiêm chủng và đến đúng giờ. Xin cảm ơn."
make music.wav music 30
# What is encoded: 30 s of speech over music, the two sides unlike each other.
make mix.wav sox -R -m -v 0.5 music.wav -v 0.9 "|sox speech.wav -r 48000 -c 2 -p pad 1 repeat 3 trim 0 30 remix 1 1v0.6" -r 48000 -b 16 tmp.mix.wav trim 0 30 gain -n -3
make short.wav sox -R mix.wav tmp.short.wav trim 2 5

# The same as a station would send it.
make bulletin.mp3 lame --quiet --nohist -m m -b 48 --resample 24 speech.wav tmp.bulletin.mp3
make music.mp3 lame --quiet --nohist -b 128 --resample 44.1 music.wav tmp.music.mp3

# MP3: every rate of MPEG-1, 2 and 2.5, in mono and stereo, fixed and varying.
mp3() { # NAME RATE lame-options
	name=$1 rate=$2
	shift 2
	make rate$rate.wav sox -R short.wav -r "$rate" tmp.rate$rate.wav
	make "$name" lame --quiet --nohist --resample "$(echo "$rate" | sed 's/...$/.&/; s/\.000$//')" "$@" rate$rate.wav "tmp.$name"
}
for rate in 32000 44100 48000; do
	mp3 s$rate.mp3 $rate -b 128
	mp3 m$rate.mp3 $rate -m m -b 64
done
for rate in 16000 22050 24000; do
	mp3 s$rate.mp3 $rate -b 64
	mp3 m$rate.mp3 $rate -m m -b 32
done
for rate in 8000 11025 12000; do
	mp3 s$rate.mp3 $rate -b 32
	mp3 m$rate.mp3 $rate -m m -b 16
done
mp3 vbr44100.mp3 44100 -V 4
mp3 vbr22050.mp3 22050 -V 6 -m m
mp3 free44100.mp3 44100 --freeformat -b 200
mp3 bare44100.mp3 44100 -b 96 -t
mp3 crc44100.mp3 44100 -b 128 -p
make layer2.mp2 ff -i short.wav -c:a mp2 -b:a 192k -f mp2

# AAC-LC in ADTS.
aac() { make "$1" ff -i short.wav -ar "$2" -ac "$3" -c:a aac -b:a "$4" -f adts; }
aac s44100.aac 44100 2 128k
aac s48000.aac 48000 2 96k
aac m48000.aac 48000 1 64k
aac m24000.aac 24000 1 32k
aac s32000.aac 32000 2 64k
aac m16000.aac 16000 1 24k
aac m8000.aac 8000 1 16k

# Opus and Vorbis in Ogg.
opus() { name=$1; shift; make "$name" opusenc --quiet --serial 1 "$@" "tmp.$name"; }
opus s64.opus --bitrate 64 short.wav
opus m24.opus --bitrate 24 --downmix-mono --speech short.wav
opus m12.opus --bitrate 12 --downmix-mono --speech short.wav
opus s32-60ms.opus --bitrate 32 --framesize 60 short.wav
opus s96-2.5ms.opus --bitrate 96 --framesize 2.5 short.wav
vorbis() { name=$1; shift; make "$name" oggenc -Q -s 1 "$@" -o "tmp.$name"; }
vorbis q4.ogg -q 4 short.wav
vorbis q0m22050.ogg -q 0 --downmix --resample 22050 short.wav
vorbis q6s44100.ogg -q 6 --resample 44100 short.wav

# FLAC.
fl() { name=$1; shift; make "$name" flac --silent --force "$@" -o "tmp.$name"; }
fl s16.flac -8 short.wav
fl fast16.flac -0 -b 1152 short.wav
make deep.wav sox -R short.wav -b 24 -r 44100 tmp.deep.wav gain -2.3
fl s24.flac -5 deep.wav
make narrow.wav sox -R short.wav -b 8 -r 16000 -c 1 tmp.narrow.wav
fl m8.flac -5 narrow.wav
make m16000.flac ff -i short.wav -ar 16000 -ac 1 -c:a flac

# WAV.
for enc in pcm_u8 pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le pcm_mulaw pcm_alaw; do
	make $enc.wav ff -i short.wav -ar 44100 -c:a $enc -f wav
done
make surround.wav ff -i short.wav -af "pan=5.1|FL=c0|FR=c1|FC=0.5*c0+0.5*c1|LFE=0*c0|BL=0.3*c0|BR=0.3*c1" -c:a pcm_s24le -f wav

# 30 s of each, to be damaged.
make long.mp3 lame --quiet --nohist -b 128 --resample 44.1 mix.wav tmp.long.mp3
make longm.mp3 lame --quiet --nohist -m m -b 32 --resample 22.05 mix.wav tmp.longm.mp3
make long.aac ff -i mix.wav -ar 44100 -c:a aac -b:a 128k -f adts
opus long.opus --bitrate 64 mix.wav
make long.ogg oggenc -Q -s 1 -q 4 --resample 44100 mix.wav -o tmp.long.ogg
make long44100.wav sox -R mix.wav -r 44100 tmp.long44100.wav
fl long.flac -5 long44100.wav

if [ "$bench" = bench ]; then
	make bench.wav sox -R mix.wav tmp.bench.wav repeat 9
	make bench44100.wav sox -R bench.wav -r 44100 tmp.bench44100.wav
	make bench.mp3 lame --quiet --nohist -b 128 bench44100.wav tmp.bench.mp3
	make benchm.mp3 lame --quiet --nohist -m m -b 32 --resample 22.05 bench44100.wav tmp.benchm.mp3
	make bench.aac ff -i bench44100.wav -c:a aac -b:a 128k -f adts
	opus bench.opus --bitrate 64 bench.wav
	make bench.ogg oggenc -Q -s 1 -q 4 bench44100.wav -o tmp.bench.ogg
	fl bench.flac -5 bench44100.wav
fi
rm -f log.txt
