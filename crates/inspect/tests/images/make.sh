#!/bin/sh
# Makes the images and archives of tests/images and tests/archives anew, with erofs-utils, f2fs-tools,
# squashfs-tools, 7z, xz, zstd and bzip2; the content is our own. `make.sh FOLDER` works in FOLDER.
set -e
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/tree" && cd "$1"
# The same image with four times that differ, one of them after 2038, as that of a folder.
zcat "$here/ext4.img.gz" > times.img
debugfs -w -f - times.img <<END
set_inode_field /media/photo.gif mtime 20040804010700
set_inode_field /media/photo.gif atime 20130405060708
set_inode_field /media/photo.gif ctime 20130405060710
set_inode_field /media/photo.gif crtime 20400101000000
set_inode_field /usr/bin mtime 20400101000000
END
gzip -9nc times.img > "$here/times.ext4.gz"
mkdir -p tree/media tree/usr/bin tree/data/deep tree/data/many
zcat "$here/ext4.img.gz" > ext4.img
debugfs -R "dump /media/photo.gif tree/media/photo.gif" ext4.img
debugfs -R "dump /usr/bin/scnprc tree/usr/bin/scnprc" ext4.img
tail -c 31 tree/media/photo.gif > mark
for i in $(seq 1 120); do echo "file $i" > tree/data/many/a-file-with-a-long-name-$i; done
cp tree/media/photo.gif tree/data/many/zz-last.gif
# Longer than the addresses in an inode of F2FS reach; all holes but for its ends.
printf '\000\000\000\030ftypisom' > tree/data/deep/film.mp4
truncate -s 5000000 tree/data/deep/film.mp4
cat mark >> tree/data/deep/film.mp4
{ seq -f 'line %g of a text that packs well' 1 4000; cat mark; } > tree/data/deep/notes.txt
find tree -exec touch -d @0 {} +
id=00000000-0000-0000-0000-000000000000
mkfs.erofs -T0 --all-root -U $id plain.erofs tree
mkfs.erofs -T0 --all-root -U $id -zlz4hc -C65536 lz4.erofs tree
for way in gzip xz zstd lz4 lzo; do
    mksquashfs tree $way.squash -comp $way -all-root -mkfs-time 0 -all-time 0 -quiet -no-progress
done
for features in none extra_attr,inode_checksum,inode_crtime; do
    truncate -s 100M f2fs && mkfs.f2fs -q -O $features f2fs || mkfs.f2fs -q f2fs
    sload.f2fs -T 0 -f tree f2fs
    mv f2fs "$(echo $features | cut -c1-5).f2fs"
done
for image in *.erofs *.squash *.f2fs; do gzip -9nc $image > "$here/$image.gz"; done
cd tree
out="$here/../archives"
rm -f "$out"/*
files="media/photo.gif usr/bin/scnprc data/deep/notes.txt"
pack() { name=$1; shift; 7z a -bso0 -mtm=off "$out/$name" $files "$@"; }
pack solid.7z
pack apart.7z -m0=lzma -ms=off
pack code.7z -m0=BCJ -m1=LZMA
pack delta.7z -m0=Delta:2 -m1=LZMA2
pack bzip2.7z -m0=bzip2
pack deflate.7z -m0=deflate -mhc=off
pack ppmd.7z -m0=ppmd
pack streams.7z -m0=BCJ2 -m1=LZMA
pack secret.7z -psecret -mhe=on
for way in bzip2 lzma xz; do pack $way.zip -tzip -mm=$way; done
tar --mtime=@0 --owner=0 --group=0 -cJf "$out/folder.tar.xz" $files
zstd -qc media/photo.gif > "$out/photo.gif.zst"
text=data/deep/notes.txt
# Several frames, one of them to be skipped; several streams, several blocks.
{ head -c 1000 $text | zstd -qc; printf 'P*M\030\004\000\000\000skip'; tail -c +1001 $text | zstd -qc; } > "$out/notes.txt.zst"
{ head -c 9000 $text | bzip2 -9c; tail -c +9001 $text | bzip2 -1c; } > "$out/notes.txt.bz2"
# Nothing, packed: 50 bytes for 9 million.
head -c 9000000 /dev/zero | bzip2 -9c > "$out/zeros.bz2"
