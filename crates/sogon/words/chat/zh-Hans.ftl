# Words that only the terminal has; all others are those of the app.
chat-code-small = 这里放不下二维码：请放大窗口或缩小字号。
chat-day = { $year }年{ $month }月{ $day }日
chat-join-what = 粘贴或输入收到的链接。
chat-keys = F1 快捷键  F2 菜单
chat-pick = 空格选中，Enter 继续。
chat-react = 回应
chat-sheet = Enter：选择   Esc：返回
chat-path = 输入文件的路径。会先显示要去掉什么。
chat-save-path = 输入写到哪里：一个文件夹，或尚不存在的文件。
chat-saved = 已保存到 { $path }。在家之外没有加封。
