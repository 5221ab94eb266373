# Words that only the terminal has; all others are those of the app.
chat-code-small = 부호를 그릴 자리가 없습니다. 창문을 키우거나 글자를 줄이십시오.
chat-join-what = 받은 련결주소를 붙여넣거나 치십시오.
chat-keys = F1 단축키  F2 차림표
chat-pick = 사이건으로 고르고 Enter 로 넘어갑니다.
chat-path = 화일의 경로를 치십시오. 떼여낼것을 먼저 보여줍니다.
chat-save-path = 어디에 쓸지 치십시오. 서류철이거나 아직 없는 화일입니다.
chat-saved = { $path } 에 보관했습니다. 집밖에서는 봉해져있지 않습니다.
