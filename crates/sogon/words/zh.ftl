# 给人看的话，简体中文。每个错误说明发生了什么，.next 说明接下来做什么。

## 询问
ask-passphrase = 口令：{" "}
ask-new-passphrase = 新口令（忘记的口令无法找回）：{" "}
ask-passphrase-again = 再输入一次：{" "}

## 多个命令都会说的话
you = 我
well = 正常
relay-unreached = 中继 { $host } 没有回应：{ $why }。要给它的内容在发件箱里等待。
relay-reached = 中继 { $host } 又有回应了。
loss-unreachable = 那里没有回应
loss-no-proxy = 代理没有回应、不是代理、或不让我们通过；没有任何内容绕过它
loss-hung-up = 连接断了
loss-not-a-relay = 那里有回应，但不是中继
loss-wrong-key = 它的密钥与已知的不同
alerted = 发生了你应该知道的事：见 `sogon alerts`。
state-queued = 等待中
state-handed = 在中继
state-delivered = 已送达
state-failed = 不会送达
kind-unknown = [这需要更新版本的 Sogon]
kind-gap = [这之前写的有些内容没有到达这里]
membership-came = { $who } 加入了。
membership-came-by = { $by } 添加了 { $who }。
membership-came-you = 你添加了 { $who }。
membership-gone = { $who } 已不在这个群里。
membership-left = { $who } 退出了。
membership-removed-by = { $by } 移出了 { $who }。
membership-removed-you = 你移出了 { $who }。
membership-you-came-by = { $by } 添加了你。
membership-you-left = 你退出了。
membership-you-removed-by = { $by } 移出了你。

## init
init-working = 正在建立家。需要几秒钟。
init-done =
    你的家在 { $home }。
    它的指纹：{ $fingerprint }
    接下来：`sogon invite` 生成一个让别人能联系你的链接。
init-own-relay = 它有自己的中继，`sogon open` 运行时别人可以连到。
init-local-relay = 它有自己的中继，只有这台机器能连到，而且只在家打开时。要与别人通信，请用 --relay 建家。

## open, read, search
open-link =
    两分钟内，在这台机器的浏览器里打开这个链接一次：{ $url }
    如果浏览器找不到它：{ $plain }
open-browser = 会打开一个窗口。需要新链接时，再输入 `sogon open`。
open-no-browser = 这里没有找到可以打开的浏览器。
open-ready = 已连接。收到的内容显示在这里；Ctrl-C 结束。
read-none = 没有消息。
search-none = 什么也没有找到。

## invite, join, contacts
invite-not-ready = 这个家连到中继以后链接才有用：有连接时请运行 `sogon sync`。
invite-advice = 用你信任的方式转交，然后比对安全号码：`sogon verify-contact`。
joined = 你和 { $name } 可以互相写信了。请比对安全号码：`sogon verify-contact`。
joining = 你的答复正在路上。现在就可以写信，对方同步后会读到。
joining-later = 链接已保存。这个家连到中继以后就可以写信：有连接时请运行 `sogon sync`。
contacts-none = 还没有联系人：`sogon invite` 生成给别人的链接，`sogon join` 答复别人的链接。
contact-waiting = 还没有答复
contact-blocked = 已屏蔽
contact-verified = 已当面核实
contact-unverified = 尚未核实
safety-number = 当面或通过声音与 { $name } 比对。两边相同，就没有人站在你们中间；用 --mark 记下。
safety-number-none = 还没有与 { $name } 的安全号码：对方答复后就有。

## group
groups-none = 没有群。
group-over = 你已不在其中

## send, sync
send-waits = 它在发件箱里等待，下一次有连接的 `sogon sync`、`send` 或 `open` 会把它发出。
synced = 发出 { $sent }，收到 { $received }，等待 { $waiting }。上行 { $up }，下行 { $down }，在线 { $air }。

## lock, unlock, passwd, decoy, wipe
home-locked = 家已锁定。
home-unlocked = 家已解锁。
home-edited = 内容已修改。
home-reacted = 完成。
home-deleted = 这条消息已不在这里。
home-changed = 从现在起由新口令打开这个家。以前的副本仍由旧口令打开。
home-wiped = 家已不在。以前的副本仍在。
home-wiped-others = 这个位置的其他家（如果有）都已不在。
home-decoy = 掩护家已建好。
decoy-advice = 现在用它的口令打开一次，别让里面留下待发的东西。要不时使用它，否则看起来像没用过。不要告诉任何人它是什么。输入胁迫口令之后，这个家再也打不开。
open-locked = 已锁定。`sogon unlock` 重新打开；Ctrl-C 结束。
ask-decoy-passphrase = 掩护家的口令：{" "}
ask-duress-passphrase = 胁迫口令（打开掩护家并结束这个家）：{" "}
backup-backed-up = 已备份 { $conversations } 个会话的 { $messages } 条消息。试一试：`sogon backup --check`。
backup-whole = 可以恢复 { $conversations } 个会话的 { $messages } 条消息；修复了 { $repaired } 个损坏的扇区。
backup-restored = 恢复了 { $conversations } 个会话的 { $messages } 条消息。
restore-advice = 你下一次 `sogon sync` 之后，只要会话里有人连接过，会话就会继续。不要再使用旧设备。请生成新链接：旧设备的链接已失效。
ask-backup-passphrase = 备份的口令：{" "}
passphrase-weak = 有了这个家的副本，就能猜出这个口令。`sogon words` 会抽出一个猜不出的。
words-this = 这一个
words-digits = 6 位数字
words-four = 随机 4 个词
words-six = 随机 6 个词
words-worth = { $name }：{ $bits } 比特；对副本：1,000 块显卡需 { $years } 年，{ $dollars } 美元
words-copy = 在这台设备上，没有设备密钥时。用放在别处的 --device-secret，单有家的副本，无论口令如何都没有用；用 --device-secret tpm，每次猜测都需要这台设备的芯片。
ask-wipe = 这无法撤销。要继续请输入 wipe：{" "}
wipe-word = 清除

## alerts
alerts-none = 没有发生什么。
alerts-whole = 记录是完整的。
alerts-broken = 记录不完整：有人改动或删除了其中的条目。
alert-link-used-twice = 有人再次答复了给一个人的链接
alert-moved = 会话改在它的另一个中继上继续
alert-fork = 中继向不同的人出示了会话的不同顺序
alert-relay-lost = 中继丢失或隐藏了它确认过的内容
alert-relay-key = 中继出示的密钥与已知的不同
alert-relays-changed = 会话所知的中继变了
alert-rejoined = 有成员带着新密钥回来
alert-away = 这个家离线太久，已请求重新加入
alert-bad-answer = 有一个对链接的答复无法打开
alert-unlock-failed = 有人输错口令
alert-tried-while-closed = 家关闭期间有人输错口令；次数和最后一次的时间：
alert-passphrase-changed = 已更改口令
alert-restored = 这个家是从备份恢复的
alert-backed-up = 已写出这个家的备份
alert-key-change = 有人用你某个联系人的名字，但密钥不同：相信之前请比对安全号码
alert-refused = 有成员发来任何版本都看不懂的内容，已拒收

## doctor
check-version = 版本
check-home = 家
check-permissions = 权限
check-vault = 存储
check-relay = 中继
check-memory = 内存
memory-locked = 绝不写入交换区
memory-no-swap = 这个系统没有交换区
memory-texts-locked = 文字和会话密钥绝不写入交换区（最多用了 { $kib } KiB 中的 { $peak } KiB）
memory-texts-overflowed = { $kib } KiB 锁定内存装不下文字和会话密钥，有些可能写入交换区：请关闭或加密交换区，或允许这个程序锁定更多内存
memory-may-be-swapped = 可能写入交换区：请关闭或加密交换区，或允许这个程序锁定内存
check-sleep = 睡眠
sleep-foretold = 已打开的家会在本机睡眠前锁上
sleep-not-foretold = 本机睡眠前不发出通知：已打开的家在唤醒时才锁上；如何提前锁上见 `sogon lock --help`
check-clock = 时钟
home-open = 可以打开
home-private = 只有你能读
home-not-private = 这台机器上的其他人能读或改它
home-damaged = 已损坏
relay-answers = 有回应
clock-not-trusted = 它说是 { $now }；没有任何事情取决于它

## mode
mode-live = 这个家有话要说时就说。
mode-quiet = 这个家只在 `sogon sync` 时说话。
mode-steady = `sogon open` 运行时，每 { $every } 秒发出一个、收到一个数据包，不论满空。
waits-quiet = 安静模式：随 `sogon sync` 发出。
waits-steady = 匀速模式：`sogon open` 运行时发出。

## usage
usage = { $span }：上行 { $up }，下行 { $down }，在线 { $air }。
usage-today = 今天
usage-week = 本周
usage-month = 本月

## relay
relay-added = 会在之后的几次同步中逐个告知你的会话。`sogon doctor` 会问它是否应答。

## proxy
proxy-through = 只通过 { $proxy } 连到中继，别无他路。
proxy-none = 不用代理连到中继。

## grow
grown = 又有空间了；家的文件现在是 { $size }。

## try
try-first = 小梅
try-second = 阿俊
try-browser = 会打开一个窗口：两个人，以及监视线路的人在他们之间看到的内容。
try-begin = 这台机器上的 Sogon：一个中继，临时文件夹里的两个家（口令无人知道，锁也轻，因为用完即弃），还有一个记录他们之间每个字节的人。
try-people = { $first } 生成了链接，{ $second } 答复了它。两人看到同一个安全号码：
try-text-1 = 阿俊，你安全吗？他们在车站收走了所有人的手机。
try-text-2 = 我在家。我的手机之前留在朋友那里了。
try-text-3 = 好。九点见，市场后面那家老面包店。
try-text-4 = 我会到。别告诉其他人。
try-arrived = { $name } 收到了，用了 { $took }
try-watcher-saw = 监视者看到：
try-watcher-nothing = 什么也没有
try-relay = 中继
try-somebody = 某人
try-bytes = { $bytes } 字节
try-captured = { $texts } 段文字。监视者在 { $records } 个封好的记录里记下了 { $bytes }。
try-sizes = { $count ->
       *[other] 它们长 { $shortest } 到 { $longest } 个字；在线路上有 { $count } 种大小：{ $sizes } 字节。
    }
try-nothing-found = 它在其中查找了所写内容的 { $words } 个词，包括名字，一个也没有找到。
try-found = 它找到了 { $words } 个词中的 { $found } 个。这绝不应该发生：请报告。
try-leaks = 它确实知道的：这两个连接与这个中继往来，何时，以及按档次的大小。
try-your-turn = 现在轮到你：替其中一人写。  m: 文字  或  j: 文字   （q 或 Ctrl-D 结束）
try-unclear = 写 m: 文字 替小梅说，j: 文字 替阿俊说，q 结束。

## 可能出的错
error-no-home = { $home } 里没有家。
    .next = 用 `sogon init --name 名字` 建一个，或用 --home 指定别的文件夹。
error-already-home = 这个位置已经有家了；没有动它。
    .next = 用 --home 选别的文件夹。
error-unfinished = 这个家建到一半没有完成，也许机器停了。
    .next = 里面什么也没有：删除它的文件 `data`，再运行 `sogon init`。
error-no-place = 这个系统没有指定数据文件夹。
    .next = 用 --home 指定一个文件夹。
error-folder = 文件夹 { $path } 无法建立或使用。
    .next = 查看它的权限，或用 --home 选别的。
error-locked = 家已锁定，又没有终端可以询问口令。
    .next = 给出 --passphrase-file 文件，或在终端上运行。
error-nobody-to-ask = 需要口令，但没有终端可以询问。
    .next = 给出 { $option } 文件，或在终端上运行。
error-passphrase-file = 口令文件 { $path } 无法作为文字读取。
    .next = 查看它的名称和权限；第一行是口令。
error-passphrase-differs = 两次输入的口令不同。
    .next = 什么也没有建立；请再试一次。
error-bad-passphrase = 这不能作口令：它是空的，或超过 1,024 字节。
    .next = 换一个；七个随机的词很好。
error-wrong-passphrase = 这个口令在这里打不开任何东西。
    .next = 再试一次；注意输入法和大小写。如果确定没错，那么这个家是用设备密钥建的、已被清除、或已损坏：请恢复备份。
error-locked-meanwhile = 家已锁定。
    .next = 用 `sogon unlock` 解锁，再试一次。
error-nothing-to-unlock = 没有哪个 sogon 锁着这个家。
    .next = 命令会自己询问口令；`sogon open` 让家保持打开。
error-wait-for-try = 输错口令太多次。
    .next = { $count } 分钟后再试。
error-no-more-tries = 十次错误的口令：这个程序不再接受。
    .next = 结束它，再启动 `sogon open`。
error-passphrase-taken = 新口令必须在这里打不开任何东西，而且不能有两个相同。
    .next = 换一个。
error-no-room-for-home = 这里没有放另一个家的空间。
    .next = 用 --home 在别处建。
error-not-meant = 什么也没有清除。
    .next = 输入所要求的词，或给出 --yes。
error-bad-notes = 无法读取这些笔记：每行以日期开头，例如 2025-01-31。
    .next = 改正文件再试一次。
error-backup-file = 文件 { $path } 不能这样用：它已经存在、不存在、或不可读。
    .next = 指定别的文件；备份绝不覆盖已有的文件。
error-backup-damaged = 备份损失太多，无法修复。
    .next = 使用它的另一份副本。
error-device-secret = 设备密钥 { $path } 无法使用：它不存在、无法建立、或不是 32 字节。
    .next = 拿来存放它的介质，或用 --device-secret 指定正确的文件。
error-home-newer = 这个家是用更新版本的 Sogon 建的；没有动它。
    .next = 用那个版本打开。
error-busy = 另一个 sogon 正在这个家里工作，两分钟内没有完成。
    .next = 等它完成或停止它，再试一次。
error-other-version = 打开着这个家的 sogon 是另一个版本。
    .next = 停止它，再试一次。
error-host-ended = 打开着这个家的 sogon 在这个命令完成之前结束了。
    .next = 用 `sogon read` 看看做了什么，再运行一次。
error-no-chip = 打开这个家所需的 TPM 没有回应。
    .next = 检查它是否在、你是否可以使用它（tss 组）；在别处请恢复备份。
error-damaged = 家已损坏：有字节被改动或丢失。
    .next = 不要再写入；用 `sogon restore` 在别处恢复备份，或使用文件夹的副本。
error-disk-full = 磁盘已满。
    .next = 腾出空间再试一次；已存的内容没有丢失。
error-home-full = 家已满。
    .next = 用 `sogon grow` 扩大；已存的内容没有丢失。
error-disk = 无法读写家。
    .next = 检查磁盘并运行 `sogon doctor`；确认过的内容没有丢失。
error-too-large = 超过了允许的大小（文字最多 32,768 字节，名字 128，群 50 人）。
    .next = 缩短它，或分几次发送。
error-over = 这个会话已结束：你或对方离开了，或已屏蔽。
    .next = 用 `sogon invite` 生成新链接，开始另一个会话。
error-not-a-pair = 群通话经中继站传送。
    .next = 双方都愿意时，请对联系人作此选择。
error-not-a-group = 这是两个人的会话，不是群。
    .next = 用 `sogon group new` 建群。
error-last-relay = 家需要中继，而这是唯一的一个。
    .next = 先加一个：`sogon relay add 地址`。
error-many-relays = 一个家最多用四个中继。
    .next = 先去掉一个：`sogon relay remove 地址`。
error-other-relay = 这个家不用那个中继。
    .next = `sogon relay` 显示所用的中继。
error-no-relay = 这个家不知道任何中继。
    .next = 用 --relay 建家。
error-own-link = 这个链接就是在这个家里生成的。
    .next = 交给应该联系你的人；由对方答复。
error-unknown-name = 这里没有叫 { $name } 的人或群。
    .next = 见 `sogon contacts` 和 `sogon group list`。
error-many-names = 叫 { $name } 的不止一个：{ $ids }。
    .next = 用所指的那个 id 的开头，或用 `sogon rename` 给其中一个改名。
error-not-ready = 还没有查到 { $name } 的链接。
    .next = 有连接时运行 `sogon sync`，再试一次。如果一直这样，说明生成链接的人之后还没有同步。
error-unknown-message = 这个会话里没有这条消息。
    .next = 从 `sogon read --json` 取完整的 id。
error-not-a-link = 这不是 Sogon 链接。
    .next = 给出完整的链接，从 sogon://invite# 开始，放在引号里。
error-link-damaged = 链接在途中被截断或改动。
    .next = 请对方再给一次，并完整复制。
error-link-newer = 链接是用更新版本生成的。
    .next = 更新 Sogon，或请对方用旧版本生成链接。
error-bad-since = --since 需要一段时间或一个时刻。
    .next = 写 12h、30d 或 2025-01-31T12:00:00Z。
error-bad-input = 没有要发送的文字，或不是文字。
    .next = 把文字放在引号里，或用 `-` 并从标准输入给出 UTF-8 文字。
error-nothing-sent = 还没有发出；消息保存在发件箱里。
    .next = 下一次有连接的 `sogon sync` 会把它发出。
error-unreached = 没有中继回应，所以什么也没有发出，什么也没有收到。
    .next = 检查连接再试一次；等待的内容都保存着。
error-app-port = 应用无法在端口 { $port } 监听：另一个程序占用了它。
    .next = 用 --port 选别的端口，或不指定而随机选一个。
error-own-relay-port = 这个家的中继无法在 { $address } 监听。
    .next = 停止占用这个端口的程序，或用 `sogon open --relay-listen` 指定别的。
error-own-relay-store = 这个家的中继无法打开它的存储。
    .next = 查看家的文件夹 `relay` 及其权限。
error-no-own-relay = 这个家使用别人的中继，所以没有要监听的。
    .next = 去掉 --relay-listen。
error-bad-public = --relay-public 不是 HOST:PORT。
    .next = 例如写 relay.example:7443。
error-bad-proxy = SOGON_PROXY 不是代理，所以什么也没有发送。
    .next = 例如写 socks5://127.0.0.1:9050；或去掉它，用 `sogon proxy`。
error-other-proxy = 另一个进程打开着这个家，而且不经过那个代理。
    .next = 先结束它，或用 `sogon proxy` 给家设置代理。
error-pace-of-nothing = 只有匀速模式才有节奏。
    .next = 写 `sogon mode steady --every 5s`。
error-bad-pace = 匀速模式的节奏是 1s 到 60s。
    .next = 选其中一个：越快越早送达，数据也越多。
error-steady-proxy = 匀速模式需要数据报，而代理不传送数据报。
    .next = 去掉其中一个：`sogon mode live`，或 `sogon proxy none`。
error-proxy-own-relay = 这个家在这台机器上有自己的中继，没有代理通向那里。
    .next = 去掉代理，或建一个使用别人中继的家。
error-clean-refused = { $what }
    .next = { $next }
error-clean-io = { $what }
    .next = { $next }
error-checks = { $count ->
       *[other] 有 { $count } 项检查没有通过。
    }
    .next = 带 ✗ 的行说明是哪些。
error-trial = 试验失败：有文字没有到达，或在线路上看到了其中的词。
    .next = 再运行一次；如果仍然如此，请报告。
error-inspect = 什么也无法检查：{ $what }
    .next = { $next }
error-output-gone = 没有人再读取输出。
    .next = 做过的事已经做了。
error-interrupted = 已中断。
    .next = 什么也没有丢失。
error-system = 系统拒绝了每个程序都需要的东西（内存、文件或随机数）。
    .next = 关闭别的程序再试一次。
error-no-terminal = 这需要一个终端来显示和输入。
    .next = 在终端上运行；在脚本里用 `sogon read` 和 `sogon send`。
error-bug = 这个程序出了错；什么也没有改变。
    .next = 请报告，并说明你做了什么。

# Calls
call-ringing = [通话：响铃中]
call-talking = [通话：进行中]
call-ended = [通话：已结束]
call-missed = [通话：未接]
call-unanswered = [通话：对方未接]
call-declined = [通话：已拒绝]
call-rings = 正在响铃。
call-begins = 已接通。说的话加密后经中继站传送。
call-again = 线路断了，正在重新连接。
call-note = 对方没有听到的话会作为语音留言发出。
call-way-relay = 经中继站
call-way-direct = 直接
call-now-direct = 现在说的话直接传送：对方和双方的网络能看到你的地址。
call-now-relay = 现在说的话又经中继站传送。
call-over = { $seconds } 秒；发出 { $sent } 个数据包，收到 { $received } 个，补上 { $concealed } 个；{ $way }。
error-not-live = 这个家处于安静或平稳模式时不能通话：那样会被看出来。
    .next = 如果确实要通话，请先运行 `sogon mode live`。
error-not-taken = 没有人接听。
    .next = 写信息，或稍后再打；对方那里显示为未接来电。
error-no-call = 这里没有来电。
    .next = 请对方打来；`sogon answer --wait 10m` 会等得更久。
error-line-lost = 线路断了，没有恢复。
    .next = 连接好一些时再打。您想说的话还在您这里。
error-recording = { $file } 不是可用的录音，或无法写入。
    .next = 请给出不超过半小时的 WAV 文件，以及可以写入的文件夹。

# Files
kind-file = [文件 { $name }，{ $size }；sogon file fetch { $id }]
files-none = 没有文件。
file-offered = 对方要发送，尚未取回
file-fetching = 正在取回
file-paused = 等待中
file-here = 已在这里
file-broken = 与对方所说的不符
file-missing = 中继站已不再保存
file-sending = 正在送往中继站
file-sent = 已在中继站
file-no-room = 家里没有空间
file-relay-full = 中继站没有空间
file-sent-clean = { $id }  { $name }，{ $size }（{ $state }）。发送前已去除：{ $gone }。
file-sent-as-is = { $id }  { $name }，{ $size }（{ $state }）。
file-saved = { $path }，{ $size }。在家以外它没有加密。
file-auto = 不超过 { $size } 的文件会自动取回。
file-auto-none = 任何文件都不会自动取回。
home-paused = 文件在等待。`sogon file fetch` 会继续。
home-dropped = 它的内容已从这个家里删除。
alert-file-broken = 收到的文件与对方所说的不符，已丢弃
alert-program-came = 收到的文件是程序，或与它的名称不符
program-elf = Linux 或 Android 的程序
program-windows = Windows 的程序
program-mach-o = macOS 的程序
program-android = Android 的应用
program-java = Java 程序
program-ios = iOS 的应用
program-extension = 浏览器的扩展
program-script = 脚本：以文字写成的程序
program-macros = 可以含有宏（程序）的文档
program-active = 打开时会运行东西的文档
program-shortcut = 会打开或运行别的东西的快捷方式
program-disk-image = 磁盘映像
program-package = 会安装程序的软件包
program-archive = 含有程序的压缩包
program-closed-archive = 从这里无法查看内容的压缩包
program-misnamed = 与名称所说的种类不同
program-signed-broken = 它的签名不成立：签名之后被改动过。
program-signed-holds = 签名者自称 { $name }：这里没有谁为这个名字作保。证书 { $certificate }。
program-signed-nobody = 没有人为它签名。
program-signed-unasked = 这类文件不在这里核对是谁签的名。
program-signed-unknown = 它的签名方式在这里无法核对。
error-unknown-file = 没有这个编号的文件，或者不止一个。
    .next = 用 `sogon file list` 查看编号。
error-file-not-here = 这个文件还没有全部到家。
    .next = 用 `sogon file fetch` 取回。
error-file-gone = 这个文件的内容在这个家能到的地方都没有了。
    .next = 请对方再发一次。
error-file-broken = 收到的与对方所说的不符；已丢弃，并记在您自己的日志里。
    .next = 用别的途径问发送者是不是他们发的。
error-file-leaving = 这个文件还在发送，别人会得到其中一部分。
    .next = 用 `sogon file pause` 让它等待，或用 `sogon delete --everywhere` 收回信息。
error-program = { $name } 是{ $what }，已被扣留。{ $signer }
    .next = 如果确定要把它放到家以外，请加上 --allow-program。
error-no-saving = 发送者允许在这里看这个文件，但不允许保存。
    .next = 请对方不加 --no-saving 再发一次。
error-file-there = { $path } 已经存在。
    .next = 请换一个名称：不会覆盖任何东西。
error-file-io = 无法写入 { $path }。
    .next = 请看看文件夹是否存在、能否写入、有没有空间。
error-file-unreadable = 无法读取 { $path }，或它不是文件。
    .next = 请看看它是否存在、能否读取。
error-file-changed = 读取时文件变了；什么也没有发送。
    .next = 等没有程序写入它时再试。
error-no-room-to-clean = { $path } 旁边没有地方放清理后的副本。
    .next = 把文件复制到可以写入的文件夹，再从那里发送。
error-not-clean = { $what }
    .next = { $next } 或者连同其中的一切原样发送：--keep-metadata。
error-no-room = 家里没有那么多空间。
    .next = 用 `sogon grow --mib { $mib }` 增加，或用 `sogon file drop` 删除文件。
voice-sent = { $id }  语音留言 { $seconds } 秒，{ $size }（{ $state }）。
voice-saved = { $path }，{ $seconds } 秒。在家以外它没有加密。
kind-voice = [语音留言，{ $seconds } 秒；sogon voice save { $id }]
error-no-recording = { $path } 不是可以发送的录音：应为不超过十分钟的 WAV 文件。
    .next = 转换为 WAV，或用 `sogon file send` 作为文件发送。
error-no-note = 这不是可以播放的语音留言。
    .next = 用 `sogon file save` 作为文件保存，或请对方再发一次。

## carry
carried-out = { $path }，{ $size }，里面有 { $count } 个密封的盒子。
carried-file = { $name }：全部，共 { $count } 块。
carried-file-part = { $name }：{ $of } 块中的 { $count } 块。其余的放到下一张卡上：用另一个文件名再运行一次 `sogon carry out`。
carried-file-here = { $id }  { $name }：{ $size } 中已有 { $done }。
carried-behind = { $title }：这个群的密钥此后换过，卡片带不来这一步。请用 `sogon sync` 连接一次；在此之前读不到新的内容。
carried-late = { $title }：其中一部分是在这里换密钥之前封的。请给对方带去一张卡（`sogon carry out`）；对方写的会随下一张卡来。
carried-in = 新的：{ $accepted }；已经有的：{ $duplicates }；不是给这个家的：{ $unknown }。
carried-in-part = 新的：{ $accepted }；已经有的：{ $duplicates }；不是给这个家的或已损坏的：{ $unknown }。至少还需要 { $missing } 块。
error-nothing-to-carry = 没有可以用手带走的东西。
    .next = 先用 `sogon send` 写点什么；还没有回应的人无法收信。
error-card-too-small = 等着的文字放不进那么小的地方。
    .next = 多给些空间（`--room`），或者一次只带给几个人（`--to`）。
error-not-for-us = 里面没有给这个家的东西，或者它是用已经作废的钥匙封的。
    .next = 看看是不是正确的文件；否则请对方给一张新卡，或者用 `sogon sync` 连接一次。
error-card-damaged = 丢失得太多，什么也拼不起来。
    .next = 重新复制一次，或者把另一份副本剩下的部分和它一起带来。

## rules, previews
file-refused = 被你自己的规则拒绝
rule-open = 照常
rule-yes = 是
rule-no = 否
rule-shown = 接收文件：{ $take }；最大：{ $most }；自动取回的大小：{ $auto }，按流量计费时也是：{ $metered }。你发出的只能打开一次：{ $once }；不能存到外面：{ $saving }。
metered-yes = 连接按流量计费：除非规则另有规定，文件不会自动取回。
metered-no = 连接不按流量计费。
error-ruled = 你自己的规则不接收这个文件。
    .next = 用 `sogon file rule` 查看规则，想要这个文件就修改它。
error-no-preview = 这不是图片，或者是不能安全绘制的图片。
    .next = 如果你信任发送者，就用 `sogon file save` 保存。
file-rest = 每秒 { $rate }，还需 { $rest }

## direct
direct-yes =
    与 { $name } 的通话，在对方也选择时可以直接传送。
    那时在通话期间，对方和双方的网络会知道你的地址；同时监视双方的人会看到两台设备在互相通话。
direct-no = 与 { $name } 的通话经中继站传送：双方都不知道对方的地址。
direct-not-now = 使用代理时和在匀速模式下，仍然经中继站传送。
