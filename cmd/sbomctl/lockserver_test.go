package main

import (
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Two commands more for the scripts, a package index and none:
//
//	packageindex DIR VAR    serves the files below DIR, in which ${NAME} is an environment variable; sets VAR to the URL
//	nothinglistens VAR      sets VAR to a URL at which nobody answers
//
// A file of the name "501" is no answer, but makes its folder answer with that status, which is one that is not asked again for.
func init() {
	scriptCommands["packageindex"] = packageIndex
	scriptCommands["nothinglistens"] = nothingListens
}

func packageIndex(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: packageindex DIR VAR")
	}
	answers := map[string]string{} // by the request's path
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		answers["/"+filepath.ToSlash(rel)] = os.Expand(string(data), ts.Getenv)
		return err
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		folder := r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')]
		if _, broken := answers[folder+"/501"]; broken {
			http.Error(w, "out of order", http.StatusNotImplemented)
			return
		}
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[1], server.URL)
}

func nothingListens(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: nothinglistens VAR")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], "http://"+l.Addr().String())
}
