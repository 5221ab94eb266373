# Words for people, in English. Every error says what happened, and in .next what to do.

## Asking
ask-passphrase = Passphrase:{" "}
ask-new-passphrase = New passphrase (there is no way back to a forgotten one):{" "}
ask-passphrase-again = The same again:{" "}

## Things said by several commands
you = you
well = fine
relay-unreached = The relay { $host } did not answer: { $why }. What is for it waits in the outbox.
relay-reached = The relay { $host } answers again.
loss-unreachable = nobody answers there
loss-no-proxy = the proxy does not answer, is none, or does not let us in; nothing went around it
loss-hung-up = the connection broke
loss-not-a-relay = something answers there that is not a relay
loss-wrong-key = it has another key than the one it is known by
alerted = Something happened that you should know: see `sogon alerts`.
state-queued = waiting
state-handed = with the relay
state-delivered = arrived
state-failed = will not arrive
kind-unknown = [this needs a newer version of Sogon]
call-ringing = [call: rings]
call-talking = [call: going on]
call-ended = [call: over]
call-missed = [call: missed]
call-unanswered = [call: not taken]
call-declined = [call: declined]
call-rings = Ringing.
call-begins = Connected. What is said goes sealed through the relay.
call-again = The line was lost; another is being made.
call-note = What was said and not heard goes as a voice note.
call-way-relay = through the relay
call-way-direct = directly
call-now-direct = What is said goes directly now: your contact and both networks see your address.
call-now-relay = What is said goes through the relay again.
call-over = { $seconds } s; { $sent } packets sent, { $received } received, { $concealed } filled in; { $way }.
kind-gap = [something written before this did not arrive here]
membership-came = { $who } came in.
membership-came-by = { $by } added { $who }.
membership-came-you = You added { $who }.
membership-gone = { $who } is not in this group any more.
membership-left = { $who } left.
membership-removed-by = { $by } removed { $who }.
membership-removed-you = You removed { $who }.
membership-you-came-by = { $by } added you.
membership-you-left = You left.
membership-you-removed-by = { $by } removed you.

## init
init-working = Making the home. This takes a few seconds.
init-done =
    Your home is in { $home }.
    Its fingerprint: { $fingerprint }
    Next: `sogon invite` makes a link that lets somebody reach you.
init-own-relay = It has a relay of its own, which others reach while `sogon open` runs.
init-local-relay = It has a relay of its own, which only this machine reaches, and only while the home is open. To write with others, make a home with --relay.

## open, read, search
open-link =
    Open this link in a browser on this machine, once, within two minutes: { $url }
    If the browser does not find it: { $plain }
open-browser = A window opens. A new link, should you need one: type `sogon open` again.
open-no-browser = No browser was found that could be opened here.
open-ready = Connected. What arrives is shown here; Ctrl-C ends it.
read-none = No messages.
search-none = Nothing found.

## invite, join, contacts
invite-not-ready = The link will work once this home has reached its relay: run `sogon sync` when there is a connection.
invite-advice = Hand it on by a way you trust, then compare safety numbers: `sogon verify-contact`.
joined = You and { $name } can write to each other. Compare safety numbers: `sogon verify-contact`.
joining = Your answer is on its way. You can write at once; they read it when they have synced.
joining-later = The link is kept. You can write once this home has reached its relay: run `sogon sync` when there is a connection.
contacts-none = No contacts yet: `sogon invite` makes a link for somebody, `sogon join` answers theirs.
contact-waiting = has not answered yet
contact-blocked = blocked
contact-verified = verified in person
contact-unverified = not verified yet
safety-number = Compare this with { $name }, in person or by voice. If it is the same on both sides, nobody stands between you; note it with --mark.
safety-number-none = There is no safety number for { $name } yet: it comes with their answer.

## group
groups-none = No groups.
group-over = you are not in it any more

## send, sync
send-waits = It waits in the outbox and goes out with the next `sogon sync`, `send` or `open` that has a connection.
synced = Sent { $sent }, received { $received }, waiting { $waiting }. { $up } up, { $down } down, { $air } on the air.

## lock, unlock, passwd, decoy, wipe
home-locked = The home is locked.
home-unlocked = The home is unlocked.
home-edited = The words were changed.
home-reacted = Done.
home-deleted = The message is gone here.
home-changed = The new passphrase opens the home from now on. Copies of the home made before still open with the old one.
home-wiped = The home is gone. Copies of it made before are not.
home-wiped-others = Every other home in this place is gone, if there was one.
home-decoy = The decoy is made.
decoy-advice = Open it once now with its own passphrase, so that nothing in it waits to be sent. Use it now and then, or it will look unused. Tell nobody its kind. After the duress passphrase this home never opens again.
open-locked = Locked. `sogon unlock` opens it again; Ctrl-C ends.
ask-decoy-passphrase = Passphrase of the decoy:{" "}
ask-duress-passphrase = Duress passphrase (opens the decoy and ends this home):{" "}
backup-backed-up = Backed up { $messages } messages of { $conversations } conversations. Try it: `sogon backup --check`.
backup-whole = It would restore { $messages } messages of { $conversations } conversations; { $repaired } damaged sectors were made good.
backup-restored = { $messages } messages of { $conversations } conversations are back.
restore-advice = Conversations go on as soon as somebody in them was connected after your next `sogon sync`. Do not use the old device any more. Make new links: those of the old device are dead.
ask-backup-passphrase = Passphrase of the backup:{" "}
passphrase-weak = This passphrase can be guessed on a copy of the home. `sogon words` draws one that cannot.
words-this = this one
words-digits = 6 digits
words-four = 4 words by chance
words-six = 6 words by chance
words-worth = { $name }: { $bits } bits; on a copy: { $years } years with 1,000 graphics cards, { $dollars } dollars
words-copy = On this device, without a device secret. With --device-secret kept elsewhere, a copy of the home alone is of no use, whatever the passphrase; with --device-secret tpm every guess needs this device's chip.
ask-wipe = This cannot be undone. Type wipe to go on:{" "}
wipe-word = wipe

## alerts
alerts-none = Nothing has happened.
alerts-whole = The log is whole.
alerts-broken = The log is NOT whole: somebody changed or removed entries.
alert-link-used-twice = A link for one person was answered again
alert-fork = The relay showed people different orders of a conversation
alert-relay-lost = The relay lost or hides what it had acknowledged
alert-relay-key = The relay proved another key than the one it is known by
alert-moved = A conversation goes on at another of its relays
alert-relays-changed = A conversation knows other relays now
alert-rejoined = A member came back with new keys
alert-away = This home was away too long and asked to be let in again
alert-bad-answer = An answer to a link could not be opened
alert-unlock-failed = Wrong passphrases were tried
alert-tried-while-closed = Wrong passphrases were tried while nothing had the home open; how many, and when the last was:
alert-passphrase-changed = The passphrase was changed
alert-restored = This home was taken up from a backup
alert-backed-up = A backup of this home was written
alert-key-change = Somebody goes by the name of one of your contacts and has another key: compare safety numbers before you trust them
alert-refused = A member sent what no version can read; it was refused

## doctor
check-version = version
check-home = home
check-permissions = permissions
check-vault = store
check-relay = relay
check-memory = memory
memory-locked = never written to swap
memory-no-swap = this system has no swap
memory-texts-locked = texts and keys of conversations are never written to swap (they took { $peak } KiB of { $kib } at most)
memory-texts-overflowed = texts and keys of conversations found no room in { $kib } KiB of locked memory, and some may be written to swap: switch swap off or encrypt it, or let this program lock more memory
memory-may-be-swapped = may be written to swap: switch swap off or encrypt it, or let this program lock memory
check-sleep = sleep
sleep-foretold = an open home locks before this machine sleeps
sleep-not-foretold = this system does not say when it sleeps: an open home locks when it wakes; `sogon lock --help` says how to lock it before
check-clock = clock
home-open = opens
home-private = only you can read it
home-not-private = others on this machine can read or change it
home-damaged = damaged
relay-answers = answers
clock-not-trusted = it says { $now }; nothing depends on it

## mode
mode-live = This home speaks when there is something to say.
mode-quiet = This home speaks only on `sogon sync`.
mode-steady = While `sogon open` runs, one packet leaves and one comes every { $every } s, full or empty.
waits-quiet = Quiet mode: it leaves with `sogon sync`.
waits-steady = Steady mode: it leaves while `sogon open` runs.

## usage
usage = { $span }: { $up } up, { $down } down, { $air } on the air.
usage-today = Today
usage-week = This week
usage-month = This month

## relay
relay-added = Your conversations are told of it one by one, at your next syncs. `sogon doctor` asks whether it answers.

## proxy
proxy-through = Relays are reached through { $proxy } and in no other way.
proxy-none = Relays are reached without a proxy.

## grow
grown = There is room again; the file of the home has { $size } now.

## try
try-first = Mina
try-second = Joon
try-browser = A window opens: both people, and what the watcher of the wire sees between them.
try-begin = Sogon on this machine: a relay, two homes in a temporary folder (with passphrases nobody knows and a light lock, since they are thrown away), and somebody who records every byte between them.
try-people = { $first } made a link, { $second } answered it. Both see the same safety number:
try-text-1 = Joon, are you safe? They took the phones from everyone at the station.
try-text-2 = I am home. I left mine with a friend before.
try-text-3 = Good. Meet me at nine, at the old bakery behind the market.
try-text-4 = I will be there. Tell nobody else.
try-arrived = { $name } has it, after { $took }
try-watcher-saw = The watcher saw:
try-watcher-nothing = nothing
try-relay = relay
try-somebody = somebody
try-bytes = { $bytes } bytes
try-captured = { $texts } texts. The watcher recorded { $bytes } in { $records } sealed records.
try-sizes = { $count ->
        [one] They were { $shortest } to { $longest } letters long; on the wire each was { $sizes } bytes.
       *[other] They were { $shortest } to { $longest } letters long; on the wire they were of { $count } sizes: { $sizes } bytes.
    }
try-nothing-found = It searched them for { $words } words of what was written, names included, and found none.
try-found = IT FOUND { $found } OF { $words } WORDS. This must never happen: please report it.
try-leaks = What it did learn: that these two connections talk to this relay, when, and how much to the nearest size step.
try-your-turn = Now you: write as either of them.  m: TEXT  or  j: TEXT   (q or Ctrl-D ends)
try-unclear = Write m: TEXT to speak as Mina, j: TEXT to speak as Joon, q to end.

## What can go wrong
error-no-home = There is no home in { $home }.
    .next = Make one with `sogon init --name NAME`, or name another folder with --home.
error-already-home = There is a home at this place already; it was left as it is.
    .next = Choose another folder with --home.
error-unfinished = This home was begun and never finished, perhaps because the machine stopped.
    .next = There is nothing in it: remove its file `data` and run `sogon init` again.
error-no-place = This system names no data folder.
    .next = Name a folder with --home.
error-folder = The folder { $path } cannot be made or used.
    .next = Look at its permissions, or choose another with --home.
error-locked = The home is locked and there is no terminal to ask for the passphrase.
    .next = Give --passphrase-file FILE, or run it on a terminal.
error-nobody-to-ask = A passphrase is needed, and there is no terminal to ask for it.
    .next = Give { $option } FILE, or run it on a terminal.
error-passphrase-file = The passphrase file { $path } cannot be read as text.
    .next = Look at its name and permissions; the first line is the passphrase.
error-passphrase-differs = The two passphrases differ.
    .next = Nothing was made; try again.
error-bad-passphrase = This cannot be a passphrase: it is empty, or longer than 1,024 bytes.
    .next = Choose another; seven random words are good.
error-wrong-passphrase = This passphrase opens nothing here.
    .next = Try again; look at the keyboard's language and capitals. If you are sure of it, the home was made with a device secret, was wiped, or is damaged: restore a backup.
error-locked-meanwhile = The home is locked.
    .next = Unlock it with `sogon unlock`, then try again.
error-nothing-to-unlock = No sogon has this home locked.
    .next = Commands ask for the passphrase by themselves; `sogon open` keeps the home open.
error-wait-for-try = Too many wrong passphrases.
    .next = Try again in { $count } minutes.
error-no-more-tries = Ten wrong passphrases: this program takes no more.
    .next = End it and start `sogon open` again.
error-passphrase-taken = A new passphrase must be one that opens nothing here, and no two may be the same.
    .next = Choose another one.
error-no-room-for-home = There is no room for another home here.
    .next = Make one in another place with --home.
error-not-meant = Nothing was wiped.
    .next = Type the word that is asked for, or give --yes.
error-bad-notes = The notes cannot be read: every line begins with a day such as 2025-01-31.
    .next = Correct the file and try again.
error-backup-file = The file { $path } cannot be used for that: it is there already, is not there, or may not be read.
    .next = Name another file; a backup never overwrites one.
error-backup-damaged = More of the backup is lost than can be made good.
    .next = Use another copy of it.
error-device-secret = The device secret { $path } cannot be used: it is missing, cannot be made, or is not 32 bytes.
    .next = Bring the medium it is on, or name the right file with --device-secret.
error-home-newer = This home was made by a newer version of Sogon; it was left as it is.
    .next = Open it with that version.
error-busy = Another sogon is at work in this home and did not finish in two minutes.
    .next = Wait for it or stop it, then try again.
error-other-version = The sogon that has this home open is of another version.
    .next = Stop it, then try again.
error-host-ended = The sogon that had this home open ended before this command was done.
    .next = Look with `sogon read` at what was done, then run it again.
error-no-chip = The TPM that this home was to be opened with does not answer.
    .next = See that it is there and that you may use it (group tss); elsewhere, restore a backup.
error-damaged = The home is damaged: bytes of it were changed or lost.
    .next = Do not write to it; restore a backup with `sogon restore` in another place, or a copy of its folder.
error-disk-full = The disk is full.
    .next = Free some space and try again; nothing stored was lost.
error-home-full = The home is full.
    .next = Make room with `sogon grow`; nothing stored was lost.
error-disk = The home could not be read or written.
    .next = Look at the disk and run `sogon doctor`; nothing acknowledged was lost.
error-too-large = This is larger than allowed (a text has at most 32,768 bytes, a name 128, a group 50 people).
    .next = Make it shorter, or send it in parts.
error-over = This conversation is over: you or they left it, or it is blocked.
    .next = Make a new link with `sogon invite` to begin another.
error-not-a-pair = Calls of a group go through the relay.
    .next = Choose it for a contact, where both of you want it.
error-not-a-group = This is a conversation of two, not a group.
    .next = Make a group with `sogon group new`.
error-last-relay = A home needs a relay, and this is its only one.
    .next = Add another one first: `sogon relay add ADDR`.
error-many-relays = A home uses at most four relays.
    .next = Take one out first: `sogon relay remove ADDR`.
error-other-relay = This home does not use that relay.
    .next = `sogon relay` shows those it uses.
error-no-relay = This home knows no relay.
    .next = Make a home with --relay.
error-own-link = This link was made in this very home.
    .next = Hand it to the person who should reach you; they join it.
error-unknown-name = There is nobody and nothing called { $name } here.
    .next = See `sogon contacts` and `sogon group list`.
error-many-names = More than one is called { $name }: { $ids }.
    .next = Use the beginning of the id that is meant, or `sogon rename` one.
error-not-ready = The link of { $name } has not been looked up yet.
    .next = Run `sogon sync` when there is a connection, then try again. If it stays so, whoever made the link has not synced since.
error-unknown-message = There is no such message in this conversation.
    .next = Take the whole id from `sogon read --json`.
error-not-a-link = This is not a Sogon link.
    .next = Give the whole link, from sogon://invite# on, in quotes.
error-link-damaged = The link was cut short or changed on the way.
    .next = Ask for it again and copy all of it.
error-link-newer = The link was made by a newer version.
    .next = Update Sogon, or ask for a link from an older version.
error-bad-since = --since takes a length of time or a moment.
    .next = Write 12h, 30d or 2025-01-31T12:00:00Z.
error-bad-input = There is no text to send, or it is not text.
    .next = Give the text in quotes, or `-` and UTF-8 text on standard input.
error-nothing-sent = Nothing was sent yet; the message is kept in the outbox.
    .next = It goes out with the next `sogon sync` that has a connection.
error-not-live = A call cannot be made while this home is quiet or steady: it would show.
    .next = Run `sogon mode live` first, if you want that.
error-not-taken = Nobody took the call.
    .next = Write, or call again later; it stands with them as a missed call.
error-no-call = Nothing rings here.
    .next = Ask them to call; `sogon answer --wait 10m` waits longer.
error-line-lost = The line was lost and did not come back.
    .next = Call again when the connection is better. What you wanted to say is still with you.
error-recording = { $file } is no recording that can be used, or cannot be written.
    .next = Give a WAV file of at most half an hour, and a folder you may write to.
error-unreached = No relay answered, so nothing went out and nothing came in.
    .next = Look at the connection and try again; what waits is kept.
error-app-port = The app cannot listen at port { $port }: another program has it.
    .next = Choose another with --port, or none for one by chance.
error-own-relay-port = The relay of this home cannot listen on { $address }.
    .next = Stop the program that uses this port, or name another with `sogon open --relay-listen`.
error-own-relay-store = The relay of this home cannot open its store.
    .next = Look at the folder `relay` of the home and its permissions.
error-no-own-relay = This home uses relays of others, so there is nothing to listen for.
    .next = Leave --relay-listen away.
error-bad-public = --relay-public is not HOST:PORT.
    .next = Write, for example, relay.example:7443.
error-bad-proxy = SOGON_PROXY is not a proxy, so nothing was sent.
    .next = Write, for example, socks5://127.0.0.1:9050; or leave it away and use `sogon proxy`.
error-other-proxy = Another process has this home open, and does not go through that proxy.
    .next = End it first, or set the proxy for the home with `sogon proxy`.
error-pace-of-nothing = Only steady mode has a pace.
    .next = Write `sogon mode steady --every 5s`.
error-bad-pace = The pace of steady mode is 1s to 60s.
    .next = Choose one of them: faster means sooner and more data.
error-steady-proxy = Steady mode needs datagrams, and a proxy carries none.
    .next = Leave one of the two away: `sogon mode live`, or `sogon proxy none`.
error-proxy-own-relay = This home has a relay of its own on this machine, and no proxy leads there.
    .next = Leave the proxy away, or make a home that uses somebody else's relay.
error-clean-refused = { $what }
    .next = { $next }
error-clean-io = { $what }
    .next = { $next }
error-checks = { $count ->
        [one] One check failed.
       *[other] { $count } checks failed.
    }
    .next = The lines marked ✗ say which.
error-trial = The trial failed: a text did not arrive, or a word of it was seen on the wire.
    .next = Run it again; if it stays so, please report it.
error-inspect = Nothing could be looked at: { $what }
    .next = { $next }
error-output-gone = Nobody reads the output any more.
    .next = What was done is done.
error-interrupted = Interrupted.
    .next = Nothing is lost.
error-system = The system refused something every program needs (memory, files or random numbers).
    .next = Close other programs and try again.
error-no-terminal = This needs a terminal to show it and to type on.
    .next = Run it on a terminal; in a script use `sogon read` and `sogon send`.
error-bug = A fault of this program; nothing was changed.
    .next = Please report it, with what you did.

## file
kind-file = [file { $name }, { $size }; sogon file fetch { $id }]
files-none = No files.
file-offered = offered, not fetched
file-fetching = coming
file-paused = waits
file-here = here
file-broken = was not what was offered
file-missing = the relay does not keep it any more
file-sending = on its way to the relay
file-sent = with the relay
file-no-room = no room in the home
file-relay-full = no room at the relay
file-sent-clean = { $id }  { $name }, { $size } ({ $state }). Taken off before it left: { $gone }.
file-sent-as-is = { $id }  { $name }, { $size } ({ $state }).
file-saved = { $path }, { $size }. Outside the home it is not sealed.
file-auto = Files up to { $size } come without a question.
file-auto-none = No file comes without a question.
home-paused = The file waits. `sogon file fetch` goes on.
home-dropped = Its bytes are gone from this home.
alert-file-broken = What came of a file was not what was offered, and was thrown away
alert-program-came = A file that came is a program, or not what its name says
program-elf = a program for Linux or Android
program-windows = a program for Windows
program-mach-o = a program for macOS
program-android = an app for Android
program-java = a program in Java
program-ios = an app for iOS
program-extension = an extension of a browser
program-script = a script: a program as text
program-macros = a document that can hold macros, which are programs
program-active = a document that runs something when it is opened
program-shortcut = a shortcut that opens or runs something else
program-disk-image = an image of a disk
program-package = a package that installs programs
program-archive = an archive with programs in it
program-closed-archive = an archive nobody can look into from here
program-misnamed = of another kind than its name says
program-signed-broken = Its signature does not hold: it was changed after signing.
program-signed-holds = It is signed by { $name }, in the signer's own words: nobody vouches for that name here. Certificate { $certificate }.
program-signed-nobody = Nobody signed it.
program-signed-unasked = Whether anybody signed it is not looked at for files of this kind.
program-signed-unknown = It is signed in a way that cannot be checked here.
error-unknown-file = There is no file of this id, or more than one.
    .next = See the ids with `sogon file list`.
error-file-not-here = Not all of this file is in the home.
    .next = Let it come with `sogon file fetch`.
error-file-gone = The bytes of this file are nowhere this home can reach.
    .next = Ask for it to be sent again.
error-file-broken = What came was not what was offered; it was thrown away, and your own log says so.
    .next = Ask who sent it, by another way, whether they did.
error-file-leaving = This file is still leaving, and others would get a part of it.
    .next = Let it wait with `sogon file pause`, or take the message back with `sogon delete --everywhere`.
error-program = { $name } is { $what }, and was kept back. { $signer }
    .next = If you are sure that you want to have it outside the home, say so with --allow-program.
error-no-saving = Who sent this file lets it be looked at here and not be saved.
    .next = Ask them to send it without --no-saving.
error-file-there = { $path } is there already.
    .next = Choose another name: nothing is overwritten.
error-file-io = { $path } could not be written.
    .next = See whether the folder is there, may be written to and has room.
error-file-unreadable = { $path } could not be read, or is no file.
    .next = See whether it is there and may be read.
error-file-changed = The file changed while it was read; nothing was sent.
    .next = Try again when nothing writes to it.
error-no-room-to-clean = There is no place for a clean copy beside { $path }.
    .next = Copy the file to a folder you can write to, and send it from there.
error-not-clean = { $what }
    .next = { $next } Or send it as it is, with all that is in it: --keep-metadata.
error-no-room = The home has no room for that.
    .next = Make some with `sogon grow --mib { $mib }`, or remove files with `sogon file drop`.
voice-sent = { $id }  a voice note of { $seconds } s, { $size } ({ $state }).
voice-saved = { $path }, { $seconds } s. Outside the home it is not sealed.
kind-voice = [voice note, { $seconds } s; sogon voice save { $id }]
error-no-recording = { $path } is not a recording that can be sent: a WAV file of at most ten minutes.
    .next = Convert it to WAV, or send it as a file with `sogon file send`.
error-no-note = This is not a voice note that can be played.
    .next = Save it as a file with `sogon file save`, or ask for it to be sent again.

## carry
carried-out = { $path }, { $size }, with { $count } sealed boxes on it.
carried-file = { $name }: all of it, { $count } pieces.
carried-file-part = { $name }: { $count } of { $of } pieces. The rest goes onto the next cards: run `sogon carry out` again with another file.
carried-file-here = { $id }  { $name }: { $done } of { $size } here.
carried-behind = { $title }: the keys of this group have turned since, and a card cannot bring that. Connect once with `sogon sync`; until then nothing new of it can be read.
carried-late = { $title }: some of it was sealed before the keys turned here. Take them a card of yours (`sogon carry out`); what they wrote comes with their next one.
carried-in = New: { $accepted }; here already: { $duplicates }; not for this home: { $unknown }.
carried-in-part = New: { $accepted }; here already: { $duplicates }; not for this home, or damaged: { $unknown }. At least { $missing } more pieces are needed.
error-nothing-to-carry = Nothing waits that could be carried.
    .next = Write something first with `sogon send`; people who have not answered yet cannot be written to.
error-card-too-small = The words that wait do not fit into that.
    .next = Give it more room (`--room`), or carry for some people at a time (`--to`).
error-not-for-us = Nothing on it is for this home, or it was sealed under keys that are over.
    .next = See whether it is the right file; otherwise ask for a new card, or connect once with `sogon sync`.
error-card-damaged = Too much of it is lost: nothing could be put together.
    .next = Copy it again, or bring what is left of a second copy of it together with this one.

## rules, previews
file-refused = refused by your own rule
rule-open = as usual
rule-yes = yes
rule-no = no
rule-shown = Files are taken: { $take }; up to: { $most }; come by themselves up to: { $auto }, on a metered link too: { $metered }. What you send is opened once: { $once }; not saved outside: { $saving }.
metered-yes = The link is metered: no file comes by itself, unless a rule says so.
metered-no = The link is not metered.
error-ruled = Your own rule does not take this file.
    .next = See it with `sogon file rule`, and change it if you want the file.
error-no-preview = This is no picture, or none that can be drawn safely.
    .next = Save it with `sogon file save` if you trust who sent it.
file-rest = { $rate } a second, { $rest } to go

## direct
direct-yes =
    Calls with { $name } may go directly, where { $name } chose so too.
    Then { $name } and both networks learn your address while you speak, and whoever watches both sees two devices that talk with each other.
direct-no = Calls with { $name } go through the relay: neither of you learns the other's address.
direct-not-now = Behind a proxy and in steady mode they go through the relay all the same.
