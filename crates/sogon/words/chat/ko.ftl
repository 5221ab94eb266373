# Words that only the terminal has; all others are those of the app.
chat-code-small = 코드를 그릴 자리가 없습니다. 창을 키우거나 글자를 줄이십시오.
chat-day = { $year }년 { $month }월 { $day }일
chat-join-what = 받은 링크를 붙여 넣거나 치십시오.
chat-keys = F1 단축키  F2 메뉴
chat-pick = 사이띄개로 고르고 Enter 로 넘어갑니다.
chat-react = 반응하기
chat-sheet = Enter: 고르기   Esc: 뒤로
