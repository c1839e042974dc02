package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds one line of input; what is longer is read by its beginning.
const maxLine = 1 << 20

// byteOrderMark is what some editors begin a file with.
const byteOrderMark = "\ufeff"

// eachLine calls do with every line of in and its number, from 1 on. A line that is too long is cut, with a warning that names it.
func eachLine(in io.Reader, name string, warnings io.Writer, do func(n int, line string) error) error {
	reader := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		line, cut, err := readLine(reader)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s line %d: %w", name, n, err)
		}
		if err != nil && line == "" {
			return nil
		}
		if n == 1 {
			line = strings.TrimPrefix(line, byteOrderMark)
		}
		if cut {
			printf(warnings, "warning: %s line %d is longer than %d KiB and is judged by its beginning\n", name, n, maxLine>>10)
		}
		if err := do(n, strings.TrimRight(line, "\r\n")); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

// readLine reads a line with its end; of one that is longer than maxLine only the beginning.
func readLine(reader *bufio.Reader) (line string, cut bool, err error) {
	var b []byte
	for {
		part, err := reader.ReadSlice('\n')
		if room := maxLine - len(b); len(part) > room {
			part, cut = part[:room], true
		}
		b = append(b, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(b), cut, err
		}
	}
}

// languageCodes are the two-letter codes of ISO 639-1.
const languageCodes = " aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff " +
	"fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg " +
	"li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk " +
	"sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "

// isLanguageTag reports whether s is what may stand before a text: nothing, or a language in small letters, as de, de-AT or de_AT.
func isLanguageTag(s string) bool {
	language, region, _ := strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
	if language == "" {
		return s == ""
	}
	return len(language) == 2 && strings.Contains(languageCodes, " "+language+" ") && len(region) <= 8 && !strings.Contains(region, " ")
}
