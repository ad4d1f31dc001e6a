#!/bin/sh
# Makes the recordings of the scripts in a folder, each X with X.master.wav, the
# 16-bit WAV to compare with what is heard. Speech by espeak-ng, strings by sox.
set -eu
mkdir -p "$1"
cd "$1"
speech() { # NAME WORDS
	espeak-ng -v vi -s 165 -w "$1.tmp.wav" "$2"
	sox -R "$1.tmp.wav" -r 24000 -c 1 -b 16 "$1.master.wav" gain -n -3
	rm "$1.tmp.wav"
}
speech tin "Kính mời bà con ra nhà văn hóa tiêm chủng sáng nay."
speech bao "Bão số năm đang vào. Ở yên trong nhà."
speech dai "Kính chào bà con. Sáng thứ hai, trạm y tế phường tiêm chủng cho trẻ em, bắt đầu lúc bảy giờ ba mươi phút, đề nghị mang theo sổ và đến đúng giờ. Chiều thứ ba, hợp tác xã mở nước vào đồng từ mười bốn giờ."
for name in tin dai; do
	lame --quiet --nohist -m m -b 48 $name.master.wav $name.mp3
done
sox -R dai.master.wav tin.master.wav dai.master.wav dai.master.wav long.master.wav
lame --quiet --nohist -m m -b 48 long.master.wav long.mp3
lame --quiet --nohist -m m -b 32 dai.master.wav dai32.mp3
cp bao.master.wav bao.wav

# At the box's own rate: nothing on the way has a reason to change a sample.
sox -R -n -r 48000 -b 16 -c 2 nhac.wav \
	synth 0.4 pluck D4 : synth 0.4 pluck F4 : synth 0.4 pluck G4 : synth 0.4 pluck A4 : synth 0.9 pluck C5 fade t 0 0.9 0.5
cp nhac.wav nhac.master.wav
# Two seconds in which nobody speaks.
sox -R -n -r 24000 -b 16 -c 1 im.wav trim 0 2
lame --quiet --nohist -m m -b 48 im.wav im.mp3
