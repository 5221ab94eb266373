# 사람이 읽는 말, 한국어. 모든 오류는 무슨 일인지, 그리고 .next에서 무엇을 할지 말한다.

## 묻기
ask-passphrase = 암호:{" "}
ask-new-passphrase = 새 암호(잊으면 되찾을 길이 없습니다):{" "}
ask-passphrase-again = 한 번 더:{" "}

## 여러 명령이 하는 말
you = 나
well = 이상 없음
relay-unreached = 중계 서버 { $host }에 닿지 못했습니다: { $why }. 그쪽으로 갈 것은 보낼 편지함에 남아 있습니다.
relay-reached = 중계 서버 { $host }에 다시 연결되었습니다.
loss-unreachable = 응답이 없습니다
loss-no-proxy = 프록시가 응답하지 않거나, 프록시가 아니거나, 들여보내 주지 않습니다. 프록시를 거치지 않고 나간 것은 없습니다
loss-hung-up = 연결이 끊겼습니다
loss-not-a-relay = 중계 서버가 아닌 것이 응답합니다
loss-wrong-key = 알고 있던 것과 다른 키를 내놓았습니다
alerted = 알아 두셔야 할 일이 생겼습니다. `sogon alerts`로 확인하세요.
state-queued = 대기 중
state-handed = 중계 서버에 있음
state-delivered = 도착함
state-failed = 도착하지 못함
kind-unknown = [더 새로운 소곤이 있어야 볼 수 있습니다]
call-ringing = [전화: 울리는 중]
call-talking = [전화: 통화 중]
call-ended = [전화: 끝남]
call-missed = [전화: 부재중]
call-unanswered = [전화: 받지 않음]
call-declined = [전화: 거절함]
call-rings = 신호가 갑니다.
call-begins = 연결되었습니다. 말은 봉인되어 중계 서버를 거쳐 갑니다.
call-again = 연결이 끊겨 다시 잇고 있습니다.
call-note = 상대가 듣지 못한 말은 음성 쪽지로 보냅니다.
call-way-relay = 중계 서버를 거쳐 감
call-way-direct = 직접 감
call-now-direct = 이제 말이 직접 갑니다. 상대와 양쪽 통신망이 내 주소를 봅니다.
call-now-relay = 이제 말이 다시 중계 서버를 거쳐 갑니다.
call-over = { $seconds }초. 보낸 패킷 { $sent }개, 받은 패킷 { $received }개, 메운 조각 { $concealed }개. { $way }.
kind-gap = [이 앞에 쓰인 것 가운데 이 기기에 오지 않은 것이 있습니다]
membership-came = { $who } 님이 들어왔습니다.
membership-came-by = { $by } 님이 { $who } 님을 더했습니다.
membership-came-you = 내가 { $who } 님을 더했습니다.
membership-gone = { $who } 님은 이제 이 그룹에 없습니다.
membership-left = { $who } 님이 나갔습니다.
membership-removed-by = { $by } 님이 { $who } 님을 내보냈습니다.
membership-removed-you = 내가 { $who } 님을 내보냈습니다.
membership-you-came-by = { $by } 님이 나를 더했습니다.
membership-you-left = 내가 나갔습니다.
membership-you-removed-by = { $by } 님이 나를 내보냈습니다.

## init
init-working = 집을 만들고 있습니다. 몇 초 걸립니다.
init-done =
    집을 { $home }에 만들었습니다.
    지문: { $fingerprint }
    다음: `sogon invite`로 누군가가 나에게 연락할 수 있는 링크를 만드세요.
init-own-relay = 이 집에는 자체 중계 서버가 있고, `sogon open`이 켜져 있는 동안 다른 사람이 닿을 수 있습니다.
init-local-relay = 이 집의 자체 중계 서버에는 이 컴퓨터에서만, 집이 열려 있는 동안에만 닿을 수 있습니다. 다른 사람과 주고받으려면 --relay를 주어 집을 만드세요.

## open, read, search
open-link =
    이 기기의 브라우저에서 이 링크를 2분 안에 한 번 여십시오: { $url }
    브라우저가 찾지 못하면: { $plain }
open-browser = 창이 열립니다. 새 링크가 필요하면 `sogon open` 을 다시 치십시오.
open-no-browser = 여기서 열 수 있는 브라우저를 찾지 못했습니다.
open-ready = 연결되었습니다. 도착하는 메시지가 여기에 나옵니다. Ctrl-C로 끝냅니다.
read-none = 메시지가 없습니다.
search-none = 찾은 것이 없습니다.

## invite, join, contacts
invite-not-ready = 이 집이 중계 서버에 닿은 뒤에야 링크를 쓸 수 있습니다. 연결되면 `sogon sync`를 실행하세요.
invite-advice = 믿을 수 있는 길로 건네고, 나중에 안전 번호를 맞춰 보세요: `sogon verify-contact`.
joined = 이제 { $name } 님과 서로 쓸 수 있습니다. 안전 번호를 맞춰 보세요: `sogon verify-contact`.
joining = 답을 보냈습니다. 지금 바로 쓸 수 있고, 상대는 동기화하면 읽습니다.
joining-later = 링크를 보관했습니다. 이 집이 중계 서버에 닿으면 쓸 수 있습니다. 연결되면 `sogon sync`를 실행하세요.
contacts-none = 아직 연락처가 없습니다. `sogon invite`로 링크를 만들거나 `sogon join`으로 받은 링크에 답하세요.
contact-waiting = 아직 답이 없음
contact-blocked = 차단함
contact-verified = 직접 확인함
contact-unverified = 아직 확인하지 않음
safety-number = 이 번호를 { $name } 님과 직접 만나거나 목소리로 맞춰 보세요. 양쪽이 같으면 사이에 아무도 없는 것입니다. 확인했다면 --mark로 적어 두세요.
safety-number-none = { $name } 님의 안전 번호는 아직 없습니다. 답이 오면 생깁니다.

## group
groups-none = 그룹이 없습니다.
group-over = 이제 이 그룹에 있지 않음

## send, sync
send-waits = 보낼 편지함에서 기다립니다. 다음에 연결된 상태로 `sogon sync`, `send`, `open`을 실행하면 나갑니다.
synced = 보냄 { $sent }, 받음 { $received }, 대기 { $waiting }. 올림 { $up }, 내림 { $down }, 전파를 쓴 시간 { $air }.

## lock, unlock, passwd, decoy, wipe
home-locked = 집을 잠갔습니다.
home-unlocked = 집을 열었습니다.
home-edited = 글을 고쳤습니다.
home-reacted = 반응했습니다.
home-deleted = 메시지를 여기서 지웠습니다.
home-changed = 이제부터 새 암호로 열립니다. 전에 만든 사본은 옛 암호로 열립니다.
home-wiped = 집을 없앴습니다. 전에 만든 사본은 남아 있습니다.
home-wiped-others = 여기에 다른 집이 있었다면 모두 없앴습니다.
home-decoy = 보여 줄 집을 만들었습니다.
decoy-advice = 지금 그 암호로 한 번 열어 보내지 않은 것이 남지 않게 하세요. 가끔 쓰세요. 안 쓰면 안 쓴 집처럼 보입니다. 무엇인지는 누구에게도 말하지 마세요. 위급 암호를 쓰면 이 집은 다시 열리지 않습니다.
open-locked = 잠겼습니다. `sogon unlock`으로 다시 열고 Ctrl-C로 끝냅니다.
ask-decoy-passphrase = 보여 줄 집의 암호:{" "}
ask-duress-passphrase = 위급 암호 (보여 줄 집을 열고 이 집을 없앱니다):{" "}
backup-backed-up = 대화 { $conversations }개의 메시지 { $messages }개를 담았습니다. `sogon backup --check`로 확인해 보세요.
backup-whole = 대화 { $conversations }개의 메시지 { $messages }개를 되살릴 수 있습니다. 손상된 조각 { $repaired }개를 고쳤습니다.
backup-restored = 대화 { $conversations }개의 메시지 { $messages }개를 되살렸습니다.
restore-advice = 다음 `sogon sync` 뒤에 상대가 한 번 연결되면 대화가 이어집니다. 옛 기기는 더 쓰지 마세요. 옛 기기의 링크는 쓸 수 없으니 새로 만드세요.
ask-backup-passphrase = 예비본의 암호:{" "}
passphrase-weak = 이 암호는 집의 사본에서 알아맞힐 수 있습니다. `sogon words`가 그럴 수 없는 것을 뽑아 줍니다.
words-this = 이 암호
words-digits = 숫자 6개
words-four = 뽑은 낱말 4개
words-six = 뽑은 낱말 6개
words-worth = { $name }: { $bits }비트, 사본을 공격하면 그래픽카드 1,000장으로 { $years }년, { $dollars }달러
words-copy = 이 기기에서, 기기 비밀이 없을 때입니다. --device-secret을 다른 곳에 두면 집의 사본만으로는 암호가 무엇이든 쓸모가 없습니다. --device-secret tpm이면 추측할 때마다 이 기기의 칩이 있어야 합니다.
ask-wipe = 되돌릴 수 없습니다. 계속하려면 지움 이라고 쓰세요:{" "}
wipe-word = 지움

## alerts
alerts-none = 아무 일도 없었습니다.
alerts-whole = 기록은 온전합니다.
alerts-broken = 기록이 온전하지 않습니다: 누군가 항목을 바꾸거나 지웠습니다.
alert-link-used-twice = 한 사람용 링크에 또 다른 답이 왔습니다
alert-fork = 중계 서버가 사람마다 다른 순서의 대화를 보여 주었습니다
alert-relay-lost = 중계 서버가 받았다고 한 것을 잃었거나 숨기고 있습니다
alert-relay-key = 중계 서버가 알고 있던 것과 다른 키를 내놓았습니다
alert-moved = 대화가 다른 중계소에서 이어집니다
alert-relays-changed = 대화가 아는 중계 서버가 바뀌었습니다
alert-rejoined = 구성원이 새 키로 돌아왔습니다
alert-away = 이 집이 너무 오래 떠나 있어서 다시 들여 달라고 했습니다
alert-bad-answer = 링크에 온 답을 열 수 없었습니다
alert-unlock-failed = 누군가 틀린 암호를 넣었습니다
alert-tried-while-closed = 집이 닫혀 있는 동안 누군가 틀린 암호를 넣었습니다. 횟수와 마지막 때:
alert-passphrase-changed = 암호가 바뀌었습니다
alert-restored = 이 집은 예비본에서 되살렸습니다
alert-backed-up = 이 집의 예비본을 만들었습니다
alert-key-change = 연락처와 같은 이름을 쓰는 사람의 키가 다릅니다: 믿기 전에 안전 번호를 맞춰 보세요
alert-refused = 구성원이 어떤 판도 읽지 못하는 것을 보내어 받지 않았습니다

## doctor
check-version = 버전
check-home = 집
check-permissions = 권한
check-vault = 저장소
check-relay = 중계 서버
check-memory = 메모리
memory-locked = 디스크에 옮겨지지 않습니다
memory-no-swap = 이 시스템에는 스왑이 없습니다
memory-texts-locked = 글과 대화의 열쇠는 스왑에 쓰이지 않습니다 (많을 때 { $kib } KiB 가운데 { $peak } KiB)
memory-texts-overflowed = 글과 대화의 열쇠가 잠긴 메모리 { $kib } KiB에 다 들어가지 못해 일부가 스왑에 쓰일 수 있습니다: 스왑을 끄거나 암호화하거나, 메모리를 더 잠글 수 있게 하세요
memory-may-be-swapped = 스왑에 쓰일 수 있습니다: 스왑을 끄거나 암호화하거나, 메모리 잠금을 허용하세요
check-sleep = 잠자기
sleep-foretold = 열려 있는 집은 이 기기가 잠들기 전에 잠깁니다
sleep-not-foretold = 이 기기는 잠들기 전에 알려 주지 않습니다. 열려 있는 집은 깨어날 때 잠깁니다. 그 전에 잠그는 방법: `sogon lock --help`
check-clock = 시계
home-open = 열림
home-private = 나만 읽을 수 있음
home-not-private = 이 컴퓨터의 다른 사용자가 읽거나 바꿀 수 있음
home-damaged = 손상됨
relay-answers = 응답함
clock-not-trusted = { $now }(이)라고 합니다. 여기에 기대는 것은 없습니다

## mode
mode-live = 이 집은 할 말이 있을 때 통신합니다.
mode-quiet = 이 집은 `sogon sync` 때에만 통신합니다.
mode-steady = `sogon open`이 도는 동안 { $every }초마다 꾸러미 하나가 나가고 하나가 들어옵니다. 비었어도 그렇습니다.
waits-quiet = 조용한 방식: `sogon sync` 때 나갑니다.
waits-steady = 고른 방식: `sogon open`이 도는 동안 나갑니다.

## usage
usage = { $span }: 보냄 { $up }, 받음 { $down }, 전파 { $air }.
usage-today = 오늘
usage-week = 이번 주
usage-month = 이번 달

## relay
relay-added = 대화마다 다음 동기화 때 하나씩 알립니다. 응답하는지는 `sogon doctor`가 물어봅니다.

## proxy
proxy-through = 중계 서버에는 { $proxy }을(를) 거쳐서만 연결합니다.
proxy-none = 중계 서버에 프록시 없이 연결합니다.

## grow
grown = 자리가 다시 생겼습니다. 이제 집 파일의 크기는 { $size }입니다.

## try
try-first = 미나
try-second = 준
try-browser = 창이 열립니다. 두 사람과, 그 사이에서 선을 지켜보는 자가 보는 것입니다.
try-begin = 이 컴퓨터에서 보는 소곤: 중계 서버 하나, 임시 폴더의 집 둘(아무도 모르는 암호, 곧 버릴 것이라 가벼운 잠금), 그리고 그 사이를 지나는 모든 바이트를 적는 감시자.
try-people = { $first } 님이 링크를 만들고 { $second } 님이 답했습니다. 두 사람에게 같은 안전 번호가 보입니다:
try-text-1 = 준아, 무사해? 역에서 사람들 전화기를 다 빼앗았대.
try-text-2 = 집에 왔어. 내 건 미리 친구한테 맡겼어.
try-text-3 = 다행이다. 아홉 시에 시장 뒤 옛날 빵집에서 보자.
try-text-4 = 갈게. 다른 사람한테는 말하지 마.
try-arrived = { $name } 님이 받았습니다, { $took } 만에
try-watcher-saw = 감시자가 본 것:
try-watcher-nothing = 없음
try-relay = 중계 서버
try-somebody = 누군가
try-bytes = { $bytes }바이트
try-captured = 메시지 { $texts }개. 감시자는 봉해진 레코드 { $records }개, { $bytes }를 적었습니다.
try-sizes = { $count ->
        [1] 글자 수는 { $shortest }자에서 { $longest }자까지 달랐지만, 전선에서는 모두 { $sizes }바이트였습니다.
       *[other] 글자 수는 { $shortest }자에서 { $longest }자까지였고, 전선에서는 크기가 { $count }가지였습니다: { $sizes }바이트.
    }
try-nothing-found = 그 안에서 이름까지 포함해 쓰인 낱말 { $words }개를 찾아보았지만 하나도 없었습니다.
try-found = 낱말 { $words }개 가운데 { $found }개가 보였습니다. 절대 있어서는 안 되는 일이니 알려 주세요.
try-leaks = 감시자가 알아낸 것: 이 두 연결이 이 중계 서버와 통신한다는 것, 그때가 언제인지, 그리고 크기 단계로 반올림한 양.
try-your-turn = 이제 직접 해 보세요. 두 사람 가운데 누구로든 쓸 수 있습니다.  m: 글(미나)  또는  j: 글(준)   (q나 Ctrl-D로 끝)
try-unclear = 미나로 쓰려면 m: 글, 준으로 쓰려면 j: 글, 끝내려면 q.

## 잘못될 수 있는 것
error-no-home = { $home }에 집이 없습니다.
    .next = `sogon init --name 이름`으로 만들거나 --home으로 다른 폴더를 알려 주세요.
error-already-home = 이 자리에 이미 집이 있어서 그대로 두었습니다.
    .next = --home으로 다른 폴더를 고르세요.
error-unfinished = 만들다가 만 집입니다. 도중에 컴퓨터가 멈췄을 수 있습니다.
    .next = 안에 든 것이 없으니 `data` 파일을 지우고 `sogon init`을 다시 실행하세요.
error-no-place = 이 시스템에는 데이터 폴더가 정해져 있지 않습니다.
    .next = --home으로 폴더를 알려 주세요.
error-folder = 폴더 { $path }을(를) 만들거나 쓸 수 없습니다.
    .next = 권한을 살펴보거나 --home으로 다른 폴더를 고르세요.
error-locked = 집이 잠겨 있는데 암호를 물어볼 터미널이 없습니다.
    .next = --passphrase-file 파일을 주거나 터미널에서 실행하세요.
error-nobody-to-ask = 암호가 필요한데 물어볼 터미널이 없습니다.
    .next = { $option } 파일을 주거나 터미널에서 실행하세요.
error-passphrase-file = 암호 파일 { $path }을(를) 글로 읽을 수 없습니다.
    .next = 이름과 권한을 살펴보세요. 첫 줄이 암호입니다.
error-passphrase-differs = 두 암호가 다릅니다.
    .next = 아무것도 만들지 않았습니다. 다시 해 보세요.
error-bad-passphrase = 암호로 쓸 수 없습니다: 비어 있거나 1,024바이트보다 깁니다.
    .next = 다른 것을 고르세요. 무작위 낱말 일곱 개가 좋습니다.
error-wrong-passphrase = 이 암호로는 아무것도 열리지 않습니다.
    .next = 한영 전환과 대소문자를 확인하고 다시 해 보세요. 암호가 분명히 맞다면 기기 비밀과 함께 만든 집이거나, 지워졌거나, 손상된 것이니 예비본을 되살리세요.
error-locked-meanwhile = 집이 잠겨 있습니다.
    .next = `sogon unlock`으로 열고 다시 하세요.
error-nothing-to-unlock = 이 집을 잠가 둔 sogon이 없습니다.
    .next = 명령은 스스로 암호를 묻습니다. `sogon open`은 집을 열어 둡니다.
error-wait-for-try = 틀린 암호가 너무 많습니다.
    .next = { $count }분 뒤에 다시 하세요.
error-no-more-tries = 틀린 암호가 열 번입니다. 이 프로그램은 더 받지 않습니다.
    .next = 끝내고 `sogon open`을 다시 시작하세요.
error-passphrase-taken = 새 암호는 여기서 아무것도 열지 않는 것이어야 하고 서로 달라야 합니다.
    .next = 다른 것을 고르세요.
error-no-room-for-home = 여기에는 집을 더 둘 자리가 없습니다.
    .next = --home으로 다른 곳에 만드세요.
error-not-meant = 아무것도 지우지 않았습니다.
    .next = 물어보는 낱말을 쓰거나 --yes를 주세요.
error-bad-notes = 메모를 읽을 수 없습니다. 모든 줄은 2025-01-31 같은 날짜로 시작합니다.
    .next = 파일을 고치고 다시 하세요.
error-backup-file = 파일 { $path }을 쓸 수 없습니다. 이미 있거나, 없거나, 읽을 수 없습니다.
    .next = 다른 파일을 고르세요. 예비본은 있는 파일을 덮어쓰지 않습니다.
error-backup-damaged = 고칠 수 있는 것보다 많이 손상되었습니다.
    .next = 다른 사본을 쓰세요.
error-device-secret = 기기 비밀 { $path }을 쓸 수 없습니다. 없거나, 만들 수 없거나, 32바이트가 아닙니다.
    .next = 그것이 든 매체를 가져오거나 --device-secret으로 맞는 파일을 고르세요.
error-home-newer = 이 집은 더 새로운 Sogon이 만들었습니다. 그대로 두었습니다.
    .next = 그 버전으로 여세요.
error-busy = 다른 sogon이 이 집에서 일하고 있는데 2분 안에 끝나지 않았습니다.
    .next = 끝나기를 기다리거나 멈춘 다음 다시 해 보세요.
error-other-version = 이 집을 열고 있는 sogon의 버전이 다릅니다.
    .next = 그것을 멈춘 다음 다시 해 보세요.
error-host-ended = 이 집을 열고 있던 sogon이 명령이 끝나기 전에 끝났습니다.
    .next = `sogon read`로 어디까지 되었는지 보고 다시 실행하세요.
error-no-chip = 이 집을 여는 데 쓰는 TPM이 답하지 않습니다.
    .next = 칩이 있는지, 쓸 권한(tss 그룹)이 있는지 보세요. 다른 기기라면 예비본을 되살리세요.
error-damaged = 집이 손상되었습니다: 일부 바이트가 바뀌었거나 사라졌습니다.
    .next = 여기에 쓰지 마세요. 다른 곳에서 `sogon restore`로 예비본을 되살리거나 폴더의 사본을 쓰세요.
error-disk-full = 디스크가 가득 찼습니다.
    .next = 공간을 비우고 다시 해 보세요. 저장된 것은 잃지 않았습니다.
error-home-full = 집이 가득 찼습니다.
    .next = `sogon grow`로 자리를 늘리세요. 저장된 것은 잃지 않았습니다.
error-disk = 집을 읽거나 쓸 수 없습니다.
    .next = 디스크를 살펴보고 `sogon doctor`를 실행하세요. 확인된 것은 잃지 않았습니다.
error-too-large = 허용된 것보다 큽니다(글 32,768바이트, 이름 128바이트, 그룹 50명까지).
    .next = 줄이거나 나누어 보내세요.
error-over = 끝난 대화입니다: 어느 한쪽이 나갔거나 차단했습니다.
    .next = `sogon invite`로 새 링크를 만들어 다시 시작하세요.
error-not-a-pair = 그룹 통화는 중계 서버를 거쳐 갑니다.
    .next = 두 사람이 모두 원하면 연락처를 골라 정하세요.
error-not-a-group = 그룹이 아니라 두 사람의 대화입니다.
    .next = `sogon group new`로 그룹을 만드세요.
error-last-relay = 집에는 중계 서버가 있어야 하는데 이것 하나뿐입니다.
    .next = 먼저 다른 것을 더하세요: `sogon relay add 주소`.
error-many-relays = 집은 중계 서버를 넷까지 씁니다.
    .next = 먼저 하나를 빼세요: `sogon relay remove 주소`.
error-other-relay = 이 집은 그 중계 서버를 쓰지 않습니다.
    .next = `sogon relay`가 쓰는 것을 보여 줍니다.
error-no-relay = 이 집은 아는 중계 서버가 없습니다.
    .next = --relay를 주어 집을 만드세요.
error-own-link = 바로 이 집에서 만든 링크입니다.
    .next = 나에게 연락할 사람에게 건네세요. 그 사람이 join하면 됩니다.
error-unknown-name = { $name }(이)라는 사람이나 그룹은 여기에 없습니다.
    .next = `sogon contacts`와 `sogon group list`를 보세요.
error-many-names = { $name }(이)라는 이름이 둘 이상입니다: { $ids }.
    .next = 뜻하는 쪽 ID의 앞부분을 쓰거나 `sogon rename`으로 하나의 이름을 바꾸세요.
error-not-ready = { $name } 님의 링크를 아직 찾아보지 못했습니다.
    .next = 연결되면 `sogon sync`를 실행하고 다시 해 보세요. 그래도 그대로라면 링크를 만든 사람이 아직 동기화하지 않은 것입니다.
error-unknown-message = 이 대화에 그런 메시지는 없습니다.
    .next = `sogon read --json`에서 전체 ID를 가져오세요.
error-not-a-link = 소곤 링크가 아닙니다.
    .next = sogon://invite# 부터 전체 링크를 따옴표로 감싸 주세요.
error-link-damaged = 링크가 오는 길에 잘리거나 바뀌었습니다.
    .next = 다시 받아서 전부 복사하세요.
error-link-newer = 더 새로운 버전에서 만든 링크입니다.
    .next = 소곤을 업데이트하거나 이전 버전에서 만든 링크를 받으세요.
error-bad-since = --since에는 시간의 길이나 시각을 씁니다.
    .next = 12h, 30d 또는 2025-01-31T12:00:00Z처럼 쓰세요.
error-bad-input = 보낼 글이 없거나 글이 아닙니다.
    .next = 글을 따옴표로 감싸거나, `-`를 쓰고 표준 입력에 UTF-8 글을 주세요.
error-nothing-sent = 아직 보내지 못했습니다. 메시지는 보낼 편지함에 있습니다.
    .next = 다음에 연결된 상태로 `sogon sync`를 실행하면 나갑니다.
error-not-live = 조용한 상태나 일정한 상태에서는 전화할 수 없습니다. 전화한다는 것이 드러납니다.
    .next = 그래도 괜찮으면 먼저 `sogon mode live`를 실행하세요.
error-not-taken = 아무도 전화를 받지 않았습니다.
    .next = 글을 남기거나 나중에 다시 거세요. 상대에게는 부재중 전화로 남습니다.
error-no-call = 걸려 온 전화가 없습니다.
    .next = 상대에게 걸어 달라고 하세요. `sogon answer --wait 10m`은 더 오래 기다립니다.
error-line-lost = 통화 연결이 끊겼고 다시 이어지지 않았습니다.
    .next = 연결이 나아지면 다시 거세요. 하려던 말은 아직 이 기기에 있습니다.
error-recording = { $file }은(는) 쓸 수 있는 녹음이 아니거나, 쓸 수 없는 곳입니다.
    .next = 30분을 넘지 않는 WAV 파일과, 쓸 수 있는 폴더를 주세요.
error-unreached = 어느 중계 서버에서도 응답이 없어 보내지도 받지도 못했습니다.
    .next = 연결을 확인하고 다시 해 보세요. 기다리는 것은 그대로 있습니다.
error-app-port = 앱이 { $port } 포트에서 들을 수 없습니다. 다른 프로그램이 쓰고 있습니다.
    .next = --port 로 다른 포트를 고르거나, 빼고 아무 포트나 쓰십시오.
error-own-relay-port = 이 집의 중계 서버가 { $address }에서 들을 수 없습니다.
    .next = 이 포트를 쓰는 프로그램을 멈추거나 `sogon open --relay-listen`으로 다른 곳을 알려 주세요.
error-own-relay-store = 이 집의 중계 서버가 저장소를 열 수 없습니다.
    .next = 집의 `relay` 폴더와 그 권한을 살펴보세요.
error-no-own-relay = 이 집은 다른 사람의 중계 서버를 쓰므로 들을 것이 없습니다.
    .next = --relay-listen을 빼고 실행하세요.
error-bad-public = --relay-public이 호스트:포트 꼴이 아닙니다.
    .next = 예를 들어 relay.example:7443처럼 쓰세요.
error-bad-proxy = SOGON_PROXY가 프록시 주소가 아니어서 아무것도 보내지 않았습니다.
    .next = 예를 들어 socks5://127.0.0.1:9050처럼 쓰거나, 지우고 `sogon proxy`를 쓰세요.
error-other-proxy = 다른 프로세스가 이 집을 열고 있는데 그 프록시를 거치지 않습니다.
    .next = 그 프로세스를 먼저 끝내거나 `sogon proxy`로 이 집의 프록시를 정하세요.
error-pace-of-nothing = 간격은 고른 방식에만 있습니다.
    .next = `sogon mode steady --every 5s`처럼 쓰세요.
error-bad-pace = 고른 방식의 간격은 1s에서 60s까지입니다.
    .next = 그 안에서 고르세요. 짧을수록 빨리 닿고 데이터가 더 듭니다.
error-steady-proxy = 고른 방식은 데이터그램이 필요한데 프록시는 그것을 나르지 못합니다.
    .next = 둘 가운데 하나를 빼세요: `sogon mode live` 또는 `sogon proxy none`.
error-proxy-own-relay = 이 집은 이 기기에 자기 중계 서버가 있고, 프록시를 거쳐서는 거기에 닿지 못합니다.
    .next = 프록시를 빼거나, 다른 사람의 중계 서버를 쓰는 집을 새로 만드세요.
error-clean-refused = { $what }
    .next = { $next }
error-clean-io = { $what }
    .next = { $next }
error-checks = 점검 { $count }개가 통과하지 못했습니다.
    .next = ✗ 표시가 있는 줄을 보세요.
error-trial = 시험이 실패했습니다: 메시지가 도착하지 않았거나 낱말이 전선에서 보였습니다.
    .next = 다시 해 보고, 계속 그러면 알려 주세요.
error-inspect = 검사하지 못했습니다: { $what }
    .next = { $next }
error-output-gone = 출력을 읽는 곳이 없어졌습니다.
    .next = 이미 한 일은 그대로 남아 있습니다.
error-interrupted = 중단했습니다.
    .next = 잃은 것은 없습니다.
error-system = 시스템이 모든 프로그램에 필요한 것(메모리, 파일, 난수)을 주지 않았습니다.
    .next = 다른 프로그램을 닫고 다시 해 보세요.
error-no-terminal = 보여 주고 칠 수 있는 단말기가 있어야 합니다.
    .next = 단말기에서 실행하십시오. 스크립트에서는 `sogon read` 와 `sogon send` 를 쓰십시오.
error-bug = 이 프로그램의 잘못입니다. 바뀐 것은 없습니다.
    .next = 무엇을 하셨는지와 함께 알려 주세요.

## file
kind-file = [파일 { $name }, { $size }; sogon file fetch { $id }]
files-none = 파일이 없습니다.
file-offered = 받지 않음
file-fetching = 받는 중
file-paused = 멈춤
file-here = 여기에 있음
file-broken = 보낸다던 것과 달랐음
file-missing = 중계에 더는 없음
file-sending = 중계로 가는 중
file-sent = 중계에 있음
file-no-room = 집에 자리가 없음
file-relay-full = 중계에 자리가 없음
file-sent-clean = { $id }  { $name }, { $size } ({ $state }). 보내기 전에 떼어 낸 것: { $gone }.
file-sent-as-is = { $id }  { $name }, { $size } ({ $state }).
file-saved = { $path }, { $size }. 집 밖에서는 봉해져 있지 않습니다.
file-auto = { $size }까지는 묻지 않고 받습니다.
file-auto-none = 묻지 않고 받는 파일은 없습니다.
home-paused = 파일을 멈췄습니다. `sogon file fetch`로 이어집니다.
home-dropped = 파일의 내용을 이 집에서 지웠습니다.
alert-file-broken = 온 파일이 보낸다던 것과 달라서 버렸습니다
alert-program-came = 온 파일이 프로그램이거나 이름과 다른 것입니다
program-elf = 리눅스나 안드로이드 프로그램
program-windows = 윈도 프로그램
program-mach-o = macOS 프로그램
program-android = 안드로이드 앱
program-java = 자바 프로그램
program-ios = iOS 앱
program-extension = 브라우저 확장
program-script = 스크립트, 곧 글로 된 프로그램
program-macros = 매크로, 곧 프로그램을 담을 수 있는 문서
program-active = 열면 무언가를 실행하는 문서
program-shortcut = 다른 것을 열거나 실행하는 바로 가기
program-disk-image = 디스크 이미지
program-package = 프로그램을 설치하는 꾸러미
program-archive = 프로그램이 든 압축 파일
program-closed-archive = 여기서 들여다볼 수 없는 압축 파일
program-misnamed = 이름과 다른 종류
program-signed-broken = 서명이 맞지 않습니다. 서명한 뒤에 바뀌었습니다.
program-signed-holds = { $name } 이름으로 서명되어 있습니다. 서명한 쪽이 스스로 쓴 이름이고, 여기에는 그 이름을 보증하는 곳이 없습니다. 인증서 { $certificate }
program-signed-nobody = 아무도 서명하지 않았습니다.
program-signed-unasked = 이런 파일은 누가 서명했는지 여기서 살펴보지 않습니다.
program-signed-unknown = 여기서 확인할 수 없는 방식으로 서명되어 있습니다.
error-unknown-file = 이 번호의 파일이 없거나 둘 이상입니다.
    .next = `sogon file list`로 번호를 보십시오.
error-file-not-here = 이 파일이 집에 다 있지 않습니다.
    .next = `sogon file fetch`로 받으십시오.
error-file-gone = 이 파일의 내용은 이 집이 닿을 수 있는 곳에 없습니다.
    .next = 다시 보내 달라고 하십시오.
error-file-broken = 온 것이 보낸다던 것과 달라서 버렸습니다. 기록에 남겼습니다.
    .next = 보낸 사람에게 다른 길로 물어보십시오.
error-file-leaving = 이 파일은 아직 가는 중이라 다른 사람은 일부만 받게 됩니다.
    .next = `sogon file pause`로 멈추거나 `sogon delete --everywhere`로 거두십시오.
error-program = { $name }은(는) { $what }이라서 내주지 않았습니다. { $signer }
    .next = 그래도 집 밖에 두려면 --allow-program 이라고 하십시오.
error-no-saving = 보낸 사람이 여기서 보기만 하고 저장하지는 못하게 했습니다.
    .next = --no-saving 없이 보내 달라고 하십시오.
error-file-there = { $path }이(가) 이미 있습니다.
    .next = 다른 이름을 고르십시오. 덮어쓰지 않습니다.
error-file-io = { $path }에 쓸 수 없습니다.
    .next = 폴더가 있는지, 쓸 수 있는지, 자리가 있는지 보십시오.
error-file-unreadable = { $path }을(를) 읽을 수 없거나 파일이 아닙니다.
    .next = 있는지, 읽을 수 있는지 보십시오.
error-file-changed = 읽는 동안 파일이 바뀌어서 보내지 않았습니다.
    .next = 아무도 쓰지 않을 때 다시 해 보십시오.
error-no-room-to-clean = { $path } 옆에 깨끗한 사본을 둘 자리가 없습니다.
    .next = 쓸 수 있는 폴더로 파일을 옮겨 거기서 보내십시오.
error-not-clean = { $what }
    .next = { $next } 그대로 다 담아 보내려면 --keep-metadata 라고 하십시오.
error-no-room = 집에 그만한 자리가 없습니다.
    .next = `sogon grow --mib { $mib }`로 늘리거나 `sogon file drop`으로 파일을 지우십시오.
voice-sent = { $id }  음성 쪽지 { $seconds }초, { $size } ({ $state }).
voice-saved = { $path }, { $seconds }초. 집 밖에서는 봉해져 있지 않습니다.
kind-voice = [음성 쪽지, { $seconds }초; sogon voice save { $id }]
error-no-recording = { $path }은(는) 보낼 수 있는 녹음이 아닙니다. 십 분까지의 WAV 파일이어야 합니다.
    .next = WAV로 바꾸거나 `sogon file send`로 파일째 보내십시오.
error-no-note = 들을 수 있는 음성 쪽지가 아닙니다.
    .next = `sogon file save`로 저장하거나 다시 보내 달라고 하십시오.

## carry
carried-out = { $path }, { $size }. 봉한 상자 { $count }개가 들어 있습니다.
carried-file = { $name }: 전부, 조각 { $count }개.
carried-file-part = { $name }: 조각 { $of }개 가운데 { $count }개. 나머지는 다음 카드에 실립니다. 다른 파일 이름으로 `sogon carry out`을 다시 실행하십시오.
carried-file-here = { $id }  { $name }: { $size } 가운데 { $done }이(가) 여기 있습니다.
carried-behind = { $title }: 이 모임의 열쇠가 그 뒤에 바뀌었고, 카드로는 그것을 가져올 수 없습니다. `sogon sync`로 한 번 연결하십시오. 그때까지 새 글을 읽을 수 없습니다.
carried-late = { $title }: 일부는 여기서 열쇠가 바뀌기 전에 봉한 것입니다. 그 사람에게 카드(`sogon carry out`)를 가져다주십시오. 쓴 글은 다음 카드로 옵니다.
carried-in = 새것 { $accepted }, 이미 있던 것 { $duplicates }, 이 집 것이 아닌 것 { $unknown }.
carried-in-part = 새것 { $accepted }, 이미 있던 것 { $duplicates }, 이 집 것이 아니거나 망가진 것 { $unknown }. 조각이 적어도 { $missing }개 더 필요합니다.
error-nothing-to-carry = 손으로 나를 것이 기다리고 있지 않습니다.
    .next = 먼저 `sogon send`로 글을 쓰십시오. 아직 답하지 않은 사람에게는 쓸 수 없습니다.
error-card-too-small = 기다리는 글이 거기에 다 들어가지 않습니다.
    .next = 자리를 더 주거나(`--room`), 몇 사람에게 가는 것만 실으십시오(`--to`).
error-not-for-us = 여기에는 이 집으로 온 것이 없거나, 이미 끝난 열쇠로 봉해져 있습니다.
    .next = 맞는 파일인지 보십시오. 맞다면 새 카드를 부탁하거나 `sogon sync`로 한 번 연결하십시오.
error-card-damaged = 너무 많이 없어져서 아무것도 맞출 수 없습니다.
    .next = 다시 복사하거나, 다른 사본에 남은 것을 이것과 함께 가져오십시오.

## rules, previews
file-refused = 내 규칙이 받지 않음
rule-open = 평소대로
rule-yes = 예
rule-no = 아니오
rule-shown = 파일을 받음: { $take }; 최대 크기: { $most }; 저절로 오는 크기: { $auto }, 종량제 연결에서도: { $metered }. 내가 보내는 것은 한 번만 열림: { $once }; 밖에 저장 못 함: { $saving }.
metered-yes = 종량제 연결입니다. 규칙이 달리 정하지 않으면 파일이 저절로 오지 않습니다.
metered-no = 종량제 연결이 아닙니다.
error-ruled = 내 규칙이 이 파일을 받지 않습니다.
    .next = `sogon file rule`로 규칙을 보고, 파일을 원하면 바꾸십시오.
error-no-preview = 그림이 아니거나, 안전하게 그릴 수 없는 그림입니다.
    .next = 보낸 사람을 믿는다면 `sogon file save`로 저장하십시오.
file-rest = 초당 { $rate }, { $rest } 남음

## direct
direct-yes =
    { $name } 님과의 통화는 상대도 고르면 직접 갈 수 있습니다.
    그때는 통화하는 동안 상대와 양쪽 통신망이 내 주소를 알게 되고, 양쪽을 지켜보는 사람은 두 기기가 서로 통화하는 것을 봅니다.
direct-no = { $name } 님과의 통화는 중계 서버를 거쳐 갑니다. 서로 주소를 알지 못합니다.
direct-not-now = 프록시 뒤에서나 고른 방식에서는 그래도 중계 서버를 거쳐 갑니다.
