# Words that only the terminal has; all others are those of the app.
chat-code-small = 코드를 그릴 자리가 없습니다. 창을 키우거나 글자를 줄이십시오.
chat-day = { $year }년 { $month }월 { $day }일
chat-join-what = 받은 링크를 붙여 넣거나 치십시오.
chat-keys = F1 단축키  F2 메뉴
chat-pick = 사이띄개로 고르고 Enter 로 넘어갑니다.
chat-react = 반응하기
chat-sheet = Enter: 고르기   Esc: 뒤로
chat-path = 파일의 경로를 치십시오. 떼어 낼 것을 먼저 보여 줍니다.
chat-save-path = 어디에 쓸지 치십시오. 폴더이거나 아직 없는 파일입니다.
chat-saved = { $path } 에 저장했습니다. 집 밖에서는 봉해져 있지 않습니다.
