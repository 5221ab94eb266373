# Words that only the terminal has; all others are those of the app.
chat-code-small = There is no room here for the code: make the window larger, or the letters smaller.
chat-day = { $year }-{ $month }-{ $day }
chat-join-what = Paste or type the link you were given.
chat-keys = F1 keys  F2 menu
chat-pick = Space picks, Enter goes on.
chat-react = React
chat-sheet = Enter: choose   Esc: back
chat-path = Type the path of a file. First you see what is taken off.
chat-save-path = Type where to: a folder, or a file that is not there yet.
chat-saved = Saved: { $path }. Outside the home it is not sealed.
