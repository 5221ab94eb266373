about = About { $name }
about-title = About this conversation
alert-away = This home was away too long and asked to be let in again.
alert-backed-up = A backup of this home was written.
alert-file-broken = What came of a file was not what was offered, and was thrown away.
alert-program-came = A file that came is a program, or not what its name says.
alert-bad-answer = An answer to an invitation could not be opened.
alert-fork = A relay showed different orders of one log to different people:
alert-key-change = Somebody goes by the name of this contact with another key: a new device, or somebody else:
alert-link-used-twice = Somebody answered an invitation that was used already:
alert-passphrase-changed = The passphrase was changed.
alert-refused = A member sent what no version can read, and it was refused:
alert-moved = Goes on at another relay:
alert-rejoined = Came back with new keys after being away too long:
alert-relay-key = A relay proved another key than the one it is known by:
alert-relay-lost = A relay lost or hides boxes it had acknowledged:
alert-restored = This home was taken up from a backup.
alert-unlock-failed = Wrong passphrases while the home was locked, so many:
alerted = There is a new entry in your log of security events.
alerts = Alerts
alerts-broken = The chain of this log is broken: somebody changed it, or the disk did. Ask somebody you trust to look at this device.
alerts-none = Nothing has happened.
alerts-what = What happened to your security. Only you can read it, and nobody can change it unnoticed.
alerts-whole = The chain of this log is whole.
answer = Answer
answered-gone = What this answers is not here.
back = Back
block = Block
block-what = Nothing of { $name } will be shown or answered any more. They are not told.
call = Call
call-back = Call back
call-bytes = { $size } in all
call-devices = Microphone and loudspeaker
call-devices-what = They hold for as long as this page is open.
call-ends-in = ends by itself in { $count } s
call-from = { $name } calls
call-in-group = { $name }, in { $group }
call-lasts = How long the call lasts
call-mib = A call ends by itself after so much data
call-minutes = A call ends by itself after so long
call-missed-part = { $count } % does not arrive
call-opens = Opening the microphone…
call-rings = It rings there…
called-in-declined = Call that you declined
called-in-ended = Call from them
called-in-missed = Missed call
called-in-ringing = Calls you
called-in-talking = Call is going on
called-out-declined = Your call was declined
called-out-ended = Call from you
called-out-ringing = Your call rings
called-out-talking = Call is going on
called-out-unanswered = Nobody took your call
calls-you = calls you
camera = The camera's picture
clock-of-author = As the writer's clock said.
close = Close
code-found = A code was found.
conversation = Conversation
conversations = Conversations
copied = Copied.
copy = Copy
decline = Decline
delete = Delete
delete-everywhere = Delete for everybody
delete-everywhere-what = It leaves this home now. The others are asked to remove it too; whoever saw it has seen it.
delete-here = Delete here
delete-here-what = It leaves this home, its search and its log. Others keep it.
details = Details
draft = Draft:
edit = Edit
edited = edited
end = End
end-budget = The call ended: what you allowed it was used up.
end-declined = They do not take the call now.
end-ended = The call is over.
end-full = There are too many in this call.
end-lost = The line is dead; the call is over.
end-missed = The call is over.
end-note = What was not heard goes as a voice note.
end-over = The call is over.
end-unanswered = Nobody took the call.
ended = Sogon is not running any more.
ended-next = Nothing is left on this page. Start it again with `sogon open`.
found-count = { $count ->
    [0] No messages found
    [one] One message found
   *[other] { $count } messages found
}
gone-after = gone { $span } after it was seen
group-add = Add people
group-make = Make the group
group-most = At most 50 people, you included.
group-needs = A group needs a name and at least one person.
group-new = New group
group-new-what = Write with several people at once.
group-nobody = First somebody has to be there: invite a person, or answer an invitation.
group-title = Name of the group
hang-up = Hang up
hang-up-key = Hang up or decline, silent at once
hide-now = Hide now
hold = Hold to speak
hold-what = The line is slow: one speaks while this is held, then the other.
invite = Invite somebody
invite-careful = Whoever has the link first can use it. Show it in person, or send it in a way you trust.
invite-code = The invitation as a code
invite-link = Invitation
invite-many = For many people
invite-many-made = Everybody who has this link can write to you.
invite-one = For one person
invite-one-made = One person can use this, once.
invite-what = Make a link or a code that lets somebody write to you. It says nothing about you.
join = Answer an invitation
join-done = Done. { $name } can be written to as soon as both of you have been connected.
join-name = What you call them
join-what = Somebody gave you a link, or shows you a code.
keys = Keys
keys-conversations = Another conversation
keys-line = A new line
keys-messages = Another message
kind-gap = Some of what was written here did not arrive. It cannot be fetched any more.
kind-unknown = Something a newer version understands.
language = Language
last-burst = Last burst: { $up } out, { $down } in, { $air } on the air
leave = Leave the group
leave-what = You get nothing of this group any more. What is here stays here.
letters = Size of letters
level-mine = How loud you are
level-theirs = How loud they are
link = Link
link-goes = This link leads to:
link-open = Open it all the same
link-used = This link was used already, or is too old.
link-used-next = Each link works once, within two minutes. Type `sogon open` again for a new one.
link-warning = Whoever runs that place learns your address and that you came. Nothing was loaded from it yet.
lock-now = Lock now
locked = Locked
locked-for-good = Nothing is left on this page.
look = Look
loudspeaker = Loudspeaker
member-count = { $count ->
    [one] One person
   *[other] { $count } people
}
members = Members
menu = Menu
messages = Messages
microphone = Microphone
more = What to do with it
mute = Mute
muted = Muted. Nobody outside can tell.
name-here = What you call them here
new = New
new-count = { $count } new
new-messages = New
no-camera = The camera cannot be used. Choose a picture of the code instead.
no-code = There is no code to be read in this picture.
no-microphone = There is no microphone, or it is not allowed: you can listen.
nobody-yet = Nobody is here yet. Invite somebody, or answer an invitation, with +.
not-now = Not now
note-bare = Something new
note-from = From { $name }
nothing-yet = Nothing written yet
notify = Notifications
notify-refused = The browser does not allow notifications for this page.
notify-what = A notification is seen by whoever sees the screen, and by the system that shows it. It never holds words of a message.
option-bare = That there is something, no more
option-dark = Dark
option-large = Large
option-larger = Larger
option-light = Light
option-name = From whom it is
option-never = None
option-normal = Normal
option-system = As the system
others-turn = they speak
over = This conversation is over. Nothing can be written here any more.
pace = When this home speaks
pace-live = When there is something to say
pace-quiet = Only when I say so
pace-quiet-now = Quiet
pace-steady = At a steady pace
pace-steady-now = Steady
pace-what = Quiet: nothing leaves until you press Sync now. Steady: one packet of the same size every two seconds, full or empty, so that nobody sees when you write.
passphrase = Passphrase
react-with = React with { $face }
refused-bad-input = That is not what is asked for here.
refused-bad-link = This is no invitation. Copy all of it, from its first letter to its last.
refused-bug = Something went wrong in this program; nothing was changed.
refused-disk = The home cannot be read or written. Look whether the disk is full or broken.
refused-full = The home is full. Delete something, or make room with `sogon grow`.
refused-gone = Sogon does not answer.
refused-locked = The home is locked.
refused-no-more-tries = Too many wrong passphrases. Start `sogon open` again.
refused-no-relay = This home knows no relay.
refused-not-live = Calls need a home that stays connected. Choose “When there is something to say” in the settings.
refused-over = This conversation is over.
refused-own-invite = You made this invitation yourself. Give it to somebody else.
refused-talking = There is a call already.
refused-too-large = That is longer than allowed.
refused-unknown = That is not here any more.
refused-wait = { $count ->
    [one] Too many wrong passphrases. Wait a minute.
   *[other] Too many wrong passphrases. Wait { $count } minutes.
}
refused-wrong-passphrase = This passphrase opens nothing here. Look at the language of the keyboard and at capitals.
relay-silent = { $host } does not answer. What you write waits here.
relay-silent-waiting = { $count ->
    [one] { $host } does not answer. One message waits here.
   *[other] { $host } does not answer. { $count } messages wait here.
}
remove = Remove
remove-what = { $name } gets nothing that is written in this group from now on.
remove-who = Remove { $name }
rename = Rename
renamed = Renamed.
reply = Reply
safety = Safety number
safety-code = As a code
safety-digits = Safety number in digits
safety-none = The safety number is there as soon as their answer is.
safety-other = This is another number. Somebody may stand between you: do not write anything here that matters, and compare again in person.
safety-same = The numbers are the same: nobody stands between you.
safety-what = Compare it with { $name }, in person or by voice. When both see the same, nobody stands between you.
safety-words = As words
said = { $name }: { $text }
scan-camera = Scan with the camera
scan-picture = Choose a picture
search = Search
send = Send
settings = Settings
since-open = Since it was opened: { $up } out, { $down } in, { $air } on the air
span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
span-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
span-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
span-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
}
stage-again = The line was lost; another is being made
stage-alone = Waiting for the other side
stage-entering = Connecting
stage-talking = Connected
standing-blocked = Blocked
standing-waiting = Waiting for their answer
state-delivered = arrived
state-delivered-what = Everybody else in the conversation has opened it.
state-failed = will not arrive
state-failed-what = The conversation ended before it could go out.
state-handed = with the relay
state-handed-what = It is stored at the relay, and the others can fetch it.
state-queued = waiting for a connection
state-queued-what = It is kept in this home and goes out as soon as the relay answers. It is never sent in a weaker way.
sync-now = Sync now
syncing = Everything out and in…
timer = Messages disappear
timer-never = Never
timer-now-off = What you write from now on stays.
timer-now-on = What you write from now on disappears.
timer-on = messages disappear
timer-once = Once seen
timer-what = Holds for what you write here. Each side counts by its own clock, from the moment a message was seen there. Somebody who wants to keep it can photograph the screen.
to-newest = To the newest message
today = Today, { $day }
try-packets = Packets on the wire
try-passed = { $up } out, { $down } in
try-relay = relay
try-somebody = somebody
try-watcher = The watcher of the wire
try-watcher-what = Everything between the two passes here. This is all there is to be seen: when, which way, how large, and bytes that look like noise.
try-words = { $found ->
    [0] Looked for all { $count } words in every byte: none is there.
   *[other] Looked for all { $count } words: { $found } are there!
}
turns-what = The line is slow. Hold the button, or F6, to speak; a tone says when it is your turn.
units = Units
unlock = Unlock
unlocking = One moment…
unmuted = You are heard again.
unread-count = { $count ->
    [one] One unread
   *[other] { $count } unread
}
unverified = not yet verified
verified = verified in person
verify = We have compared it
waiting-count = { $count ->
    [one] One message waits.
   *[other] { $count } messages wait.
}
watch-between = Somebody between the two of you
watch-between-not = Anything already written, once the numbers were found to be the same.
watch-between-unverified = You have not compared the safety number yet. Whoever handed on the invitation could have stood in between.
watch-between-verified = Nothing: you compared the safety number in person.
watch-contact = { $name }
watch-contact-learns = Everything you write here, for as long as they keep it; so does whoever takes their device.
watch-contact-more = Set a time after which messages disappear.
watch-contact-not = What you write to others.
watch-contact-timer = Everything you write here, until it is gone: { $span }. A photograph of the screen stays.
watch-finder = Who looks for transmitters
watch-finder-learns = That somebody transmits here, for as long as this page is open: it stays connected.
watch-finder-more = Where this matters, do not leave it open: `sogon sync` says what it has to say in one burst.
watch-finder-not = What, and to whom.
watch-finder-quiet = That somebody transmits here, for the seconds after you press Sync now.
watch-forcer = Who forces you to unlock
watch-forcer-learns = What is on the screen and in this home.
watch-forcer-more = A second home can be shown instead: `sogon decoy add`.
watch-forcer-not = Whether there is another home.
watch-later = Who records today and computes later
watch-later-learns = How much was sent, and when.
watch-later-not = The words: keys are made so that a quantum computer is expected to be of no help.
watch-learns = Learns
watch-members = The { $count } people in this group
watch-network = The network: tower, provider, border
watch-network-learns = That this address talks to { $relay }, when, and how much to the nearest step.
watch-network-more = Through a proxy such as Tor it would not see the relay: `sogon proxy`.
watch-network-not = Words, names, whom you write to, whether it is a text or something else.
watch-network-proxy = That this address talks to your proxy, when, and how much. Not to which relay.
watch-network-steady = That this address keeps up a steady flow with { $relay }. Not when, or how much, you write.
watch-not = Does not
watch-phone = This device's own system
watch-phone-learns = Everything you see: a system that is against you sees your screen and your keys.
watch-phone-not = Nothing can be promised here. `sogon inspect` looks for known watching software.
watch-relay = The relay
watch-relay-learns = Your address, when you are connected, which logs you read together, and sizes in steps.
watch-relay-not = Names, words, numbers, who you are. There are no accounts.
watch-relay-proxy = When you are connected, which logs you read together, and sizes in steps. Not your address.
watch-taker = Who takes this device switched off
watch-taker-learns = That Sogon is installed, and how large its file is.
watch-taker-not = Words, names, how many conversations there are. It is noise without the passphrase.
watch-what = What each watcher learns of the conversation with { $name }, as it is set now.
welcome = Choose a conversation
welcome-what = What you write leaves this device sealed, or it does not leave.
who-watches = Who watches, and what they learn
write = Message
write-to = Message to { $name }
yesterday = Yesterday, { $day }
you = You
