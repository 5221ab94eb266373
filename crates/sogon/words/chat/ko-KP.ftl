# Words that only the terminal has; all others are those of the app.
chat-code-small = 부호를 그릴 자리가 없습니다. 창문을 키우거나 글자를 줄이십시오.
chat-join-what = 받은 련결주소를 붙여넣거나 치십시오.
chat-keys = F1 단축키  F2 차림표
chat-pick = 사이건으로 고르고 Enter 로 넘어갑니다.
