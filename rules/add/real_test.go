package add

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestX(t *testing.T) {
	root := "/tmp/x/Python-3.13.5/"
	for _, c := range [][]string{{"expat", "2.7.1", "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2", "Modules/expat"}, {"expat", "2.6.3", "", "Modules/expat"}, {"mimalloc", "2.1.2", "", "Include/internal/mimalloc", "Objects/mimalloc"}, {"mpdecimal", "2.5.1", "", "Modules/_decimal/libmpdec"}, {"macholib", "1.0", "", "Lib/ctypes/macholib"}, {"hacl-star", "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "", "Modules/_hacl"}, {"libb2", "0.98.1", "", "Modules/_blake2/impl"}, {"xz", "5.2.5", "", "PCbuild", "Mac"}, {"openssl", "3.0.16", "57e03c50feab5d31b152af2b764f10379aecd8ee92f16c985983ce4a99f7ef86", "PCbuild", "Mac"}} {
		var s []Source
		for _, d := range c[3:] {
			filepath.Walk(root+d, func(p string, i os.FileInfo, e error) error {
				if i.Mode().IsRegular() {
					b, _ := os.ReadFile(p)
					s = append(s, Source{strings.TrimPrefix(p, root), b})
				}
				return nil
			})
		}
		f := FindEvidence(s, Wanted{c[0], c[1], c[2], c[3] == "PCbuild"})
		fmt.Println(c[0], c[1], len(s))
		for _, r := range f.Rules {
			fmt.Println("   ", r.Path, r.Pattern)
		}
		for _, r := range f.Contrary {
			fmt.Println("   !", r)
		}
	}
}
