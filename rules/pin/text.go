package pin

// text is what a file says, with where in the file each of its bytes is written: what a variable stands for is written where it is set.
type text struct {
	s  string
	at []int // of each byte of s: its offset in the file
}

// whole is a file, or a part of it that begins at an offset.
func whole(s string, offset int) text {
	at := make([]int, len(s))
	for i := range at {
		at[i] = offset + i
	}
	return text{s, at}
}

// placed is a text that is written in another way at an offset, as by escapes.
func placed(s string, offset int) text {
	at := make([]int, len(s))
	for i := range at {
		at[i] = offset
	}
	return text{s, at}
}

func (t text) slice(i, j int) text { return text{t.s[i:j], t.at[i:j]} }

// together reports whether the bytes from i to j stand together in the file.
func (t text) together(i, j int) bool {
	for k := i + 1; k < j; k++ {
		if t.at[k] != t.at[k-1]+1 {
			return false
		}
	}
	return true
}

// builder makes a text of pieces.
type builder struct {
	s  []byte
	at []int
}

func (b *builder) add(t text) {
	b.s = append(b.s, t.s...)
	b.at = append(b.at, t.at...)
}

func (b *builder) addByte(c byte, at int) {
	b.s = append(b.s, c)
	b.at = append(b.at, at)
}

func (b *builder) text() text { return text{string(b.s), b.at} }

// value is a text of which a part may not be known.
type value struct {
	text
	unknown string // the first thing in it that the file does not set, as it is written: "$1"; "" when all is known
}

// scope is the variables that are set, each with all the values that it is given, the last one last.
type scope map[string][]value

// set gives a variable a value.
func (s scope) set(name string, v value) {
	if list := s[name]; len(list) < maxValues {
		s[name] = append(list, v)
	} else {
		list[maxValues-1] = v
	}
}

// get is the value that a variable was given last.
func (s scope) get(name string) (value, bool) {
	if list := s[name]; len(list) > 0 {
		return list[len(list)-1], true
	}
	return value{}, false
}
