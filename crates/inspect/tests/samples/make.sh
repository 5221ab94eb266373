#!/usr/bin/env bash
# Makes the samples anew: small files of every format with the word CANARY wherever a tool puts
# words, times, names and places. Needs ffmpeg, mkvmerge, exiftool, heif-enc, python3. What is made is ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
t=$(mktemp -d)
ff() { ffmpeg -loglevel error -y "$@"; }
tags=(-metadata title=CANARYtitle -metadata artist=CANARYartist -metadata comment=CANARYcomment -metadata location=+37.5665+126.9780/ -metadata creation_time=2026-01-02T03:04:05Z)
ff -f lavfi -i testsrc2=s=64x48:d=1:r=8 -f lavfi -i sine=440:d=1:r=16000 "${tags[@]}" -c:v libx264 -c:a aac -b:a 24k "$t/h264.mp4"
cp "$t/h264.mp4" .
ff -i h264.mp4 "${tags[@]}" -c copy h264.mov
ff -i h264.mp4 "${tags[@]}" -c copy -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 300000 fragments.mp4
ff -i h264.mp4 "${tags[@]}" -c copy -movflags dash+delay_moov+global_sidx -frag_duration 400000 delayed.mp4
ff -i h264.mp4 "${tags[@]}" -c copy -bsf:v h264_mp4toannexb h264.avi 2>/dev/null || true
ff -i h264.mp4 "${tags[@]}" -c copy h264.mkv
ff -i h264.mp4 "${tags[@]}" -c:v libx265 -x265-params log-level=error -tag:v hvc1 -an hevc.mp4
ff -i h264.mp4 "${tags[@]}" -c:v libaom-av1 -cpu-used 8 -crf 50 -an av1.mp4
ff -i h264.mp4 "${tags[@]}" -c:v mpeg4 -c:a libmp3lame -ar 16000 -b:a 24k mpeg4.avi
ff -i h264.mp4 "${tags[@]}" -c:v mjpeg -q:v 20 -c:a pcm_s16le -ar 8000 mjpeg.mov
ff -i h264.mp4 "${tags[@]}" -c:v libvpx -b:v 40k -c:a libopus -b:a 12k vp8.webm
ff -i h264.mp4 "${tags[@]}" -c:v libvpx-vp9 -b:v 40k -c:a libvorbis vp9.webm
ff -f lavfi -i sine=440:d=1:r=16000 "${tags[@]}" -c:a libmp3lame -b:a 24k -write_id3v1 1 lame.mp3
ff -f lavfi -i sine=440:d=1:r=8000 "${tags[@]}" sine.flac
ff -f lavfi -i sine=440:d=1:r=16000 "${tags[@]}" -c:a libopus -b:a 12k opus.ogg
ff -f lavfi -i sine=440:d=1:r=8000 "${tags[@]}" -c:a libvorbis vorbis.ogg
ff -f lavfi -i sine=440:d=1:r=4000 "${tags[@]}" sine.wav
ff -f lavfi -i sine=440:d=1:r=16000 "${tags[@]}" -c:a aac -b:a 24k aac.m4a
ff -i h264.mp4 "${tags[@]}" -c:v copy -c:a libmp3lame -b:a 24k mp3in.mp4
ff -i h264.mp4 "${tags[@]}" -vf scale=32:16 -frames:v 2 -an -c:v prores_ks prores.mov
mkvmerge -q -o laced.mkv --title CANARYtitle h264.mp4
for f in jpg png gif webp bmp; do ff -i h264.mp4 -frames:v 1 "still.$f"; done
ff -i h264.mp4 -frames:v 1 -pix_fmt rgb24 still.tiff
ff -i h264.mp4 -frames:v 1 ycbcr.tiff
ff -i h264.mp4 -vf scale=32:24 moving.gif
ff -i h264.mp4 -vf scale=32:24 -f apng moving.png
ff -i h264.mp4 -vf scale=32:24 -loop 0 moving.webp
exiftool -q -overwrite_original -Artist=CANARYart -GPSLatitude=37.5 -GPSLatitudeRef=N -Orientation#=6 -XMP:Creator=CANARYxmp -Comment=CANARYcomment still.{jpg,png,webp,tiff,gif} ycbcr.tiff 2>/dev/null || true
exiftool -q -overwrite_original -IPTC:By-line=CANARYiptc still.jpg
heif-enc still.png -o still.heic >/dev/null 2>&1
heif-enc -A still.png -o still.avif >/dev/null 2>&1
exiftool -q -overwrite_original -Artist=CANARYart -XMP:Creator=CANARYxmp still.heic still.avif
rm -f ./*_original
python3 make.py
rm -r "$t"
