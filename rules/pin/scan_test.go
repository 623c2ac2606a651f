package pin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// mentions are what a scan found: "line:column text", with "action " before an action and " ? " and what is not known behind what is
// not resolved.
func mentions(name, src string) []string {
	s := scan(name, []byte(src))
	var out []string
	for _, m := range s.found {
		pos := diag.At(name, []byte(src), m.start())
		line := fmt.Sprintf("%d:%d %s", pos.Line, pos.Col, m.s)
		if m.action {
			line = "action " + line
		}
		if m.unknown != "" {
			line += " ? " + m.unknown
		}
		out = append(out, line)
	}
	for _, n := range s.notes {
		out = append(out, fmt.Sprintf("note %d: %s", n.at, n.msg))
	}
	return out
}

var scans = []struct{ name, file, src, want string }{
	{"regen-configure.sh of CPython 3.13.5", "regen.sh", `IMAGE="ghcr.io/python/autoconf:2024.10.16.11360930377"
if podman --version &>/dev/null; then
    RUNTIME="podman"
else
    echo "$@ needs docker run alpine" >&2
fi
"$RUNTIME" run --rm -v "$abs_srcdir:$WORK_DIR$PATH_OPT" "$IMAGE"
`, "1:8 ghcr.io/python/autoconf:2024.10.16.11360930377"},
	{"a digest in a variable of its own", "a.sh", `HASH="sha256:f370"
docker run -it --rm --pull=always -e A=b quay.io/tiran/cpython_autoconf@$HASH autoreconf`, "2:42 quay.io/tiran/cpython_autoconf@sha256:f370"},
	{"pieces", "a.sh", "REG=quay.io; NAME='tiran/x'\nTAG=1\ndocker pull -q ${REG}/\"$NAME\":$TAG", "1:5 quay.io/tiran/x:1"},
	{"short names are found only where an image has to be", "a.sh", "alpine=1\necho alpine:3\ndocker run alpine:3.19 sh\npodman pull busybox debian:12\nsudo docker image pull a/b\n", "3:12 alpine:3.19;4:13 busybox;4:21 debian:12;5:24 a/b"},
	{"options", "a.sh", "docker --context x run -dit -u 0 -w/src --name n --env=A=1 --init -v a:b --network host \\\n  img:1 cmd\ndocker run --entrypoint sh -- img2:1\n", "2:3 img:1;3:31 img2:1"},
	{"not set", "a.sh", "docker run \"$1\"\ndocker run $IMAGE:1 x\n$CONTAINER_RUNTIME run --rm a:1\n", "1:13 $1 ? $1;2:12 $IMAGE:1 ? $IMAGE;3:29 a:1"},
	{"defaults", "a.sh", ": ${A:=q.io/a:1}\ndocker run $A\ndocker run ${B:-q.io/b:1}\ndocker run ${C-${A}}\n", "1:8 q.io/a:1;3:17 q.io/b:1"},
	{"every value of a variable", "a.sh", "if x; then I=alpine; else I=debian:12; fi\nexport J=busy:1\ndocker run $I\ndocker run $J\nfor K in p:1 q:2; do docker pull $K; done", "1:14 alpine;1:29 debian:12;2:10 busy:1;5:10 p:1;5:14 q:2"},
	{"comments, here-documents, commands in commands", "a.sh", "# docker run a:1\ncat <<-'EOF' | x\n\tdocker run b:1\n\tq.io/c:1\n\tEOF\nID=$(docker run -d d:1) # docker run e:1\nF=`docker run f:1`\n(cd x && docker run g:1)&\n", "4:2 q.io/c:1;6:20 d:1;7:15 f:1;8:21 g:1"},
	{"no image", "a.sh", "docker exec c sh\ndocker build -t q .\ndocker ps\ngit clone https://q.io/a:1\ncp a.b/c:d .\ndocker compose run x\n", ""},
	{"without quotes closed", "a.sh", "docker run \"alpine:1\nx", "1:13 alpine:1\nx"},
	{"a script by its first line", "regen", "#!/usr/bin/env bash\ndocker run a:1\n", "2:12 a:1"},
	{"each use of a variable", "a.sh", "N=quay.io/a\ndocker run $N@sha256:00\ndocker run $N:latest\ndocker run $N:latest\n", "1:3 quay.io/a@sha256:00;1:3 quay.io/a:latest"},
	{"a piece is no reference", "a.sh", "I=quay.io/a:1\nJ=quay.io/b:1\nD=@sha256:00\ndocker run $I$D\ndocker run $J$D\ndocker run $J\n", "2:3 quay.io/b:1;1:3 quay.io/a:1@sha256:00;2:3 quay.io/b:1@sha256:00"},
	{"a variable of several words", "a.sh", "DOCKER='sudo docker'\nRUN=\"docker run --rm\"\n$DOCKER run a:1\n$RUN b:1\n\"$RUN\" c:1\nARGS='-e A -i'\ndocker run $ARGS d:1\n", "3:13 a:1;4:6 b:1;7:18 d:1"},
	{"shells in shells", "a.sh", "bash -ec 'docker run a:1'\nsudo sh -x -c \"docker run b:1; sh -c \\\"docker run c:1\\\"\"\nbash x.sh docker:1\neval docker run \"d:1\"\nX='sh -c \"$X\"'\nsh -c \"$X\"\n", "1:22 a:1;2:27 b:1;2:51 c:1;4:18 d:1"},
	{"a byte order mark", "a.Dockerfile", "\ufeff# escape=`\nFROM `\n  a:1", "3:3 a:1"},
	{"a byte order mark in a script", "a.sh", "\ufeffdocker run a:1", "1:15 a:1"},
	{"a byte order mark in a Makefile", "Makefile", "\ufeffI = a:1\nx:\n\tdocker run $(I)", "1:8 a:1"},
	{"no JSON", "a.json", "{\"a\": \"\\/\", \"b\": \"q.io/a:1\"}", "1:19 q.io/a:1;note 0: the file is no JSON that can be read (found unknown escape character), so only images that are written out in full are found"},
	{"plain text", "README.rst", "Run ghcr.io/python/autoconf:1, or `quay.io/x/y@sha256:00`. docker run a:1.\nhttps://ghcr.io/a/b:1 docker://ghcr.io/a/c:1 <localhost:5000/d:1>", "1:5 ghcr.io/python/autoconf:1;1:36 quay.io/x/y@sha256:00;2:32 ghcr.io/a/c:1;2:47 localhost:5000/d:1"},

	{"Dockerfile", "Dockerfile", `# syntax=docker/dockerfile:1
ARG V=3.13 BASE="python:${V}"
ARG NONE
FROM --platform=$BUILDPLATFORM $BASE AS Build
ARG V=9
FROM debian:${D:-12}
FROM build
FROM scratch AS empty
FROM x/$NONE
COPY --from=BUILD a b
COPY --chown=1 --from=0 a b
COPY --from=nginx:1 \
  # a comment
  a b
RUN --mount=type=bind,from=q.io/m:1,target=/x --mount=from=empty true <<EOF
FROM no:1
EOF
from busybox
`, "1:10 docker/dockerfile:1;2:18 python:3.13;6:6 debian:12;9:6 x/$NONE ? $NONE;12:13 nginx:1;15:28 q.io/m:1;18:6 busybox"},
	{"Dockerfile with another escape", "win.Dockerfile", "# escape=`\n# a comment\n# syntax=no:1\nFROM `\n  a:1\n", "5:3 a:1"},
	{"Containerfile", "Containerfile.ci", "FROM a:1\r\nFROM b:2 as c\r\nFROM C\r\n", "1:6 a:1;2:6 b:2"},

	{"workflow", ".github/workflows/ci.yml", `env:
  IMAGE: ghcr.io/python/autoconf:1
jobs:
  a:
    runs-on: ubuntu-24.04
    container: ubuntu:24.04
    services:
      db: {image: 'postgres:16', env: {A: b}}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@0c45773b623bea8c8e75f6c82b208c3cf94ea4f9 # v4
      - uses: ./.github/actions/x
      - uses: docker://alpine:3.8
      - env:
          TAG: '1'
        run: |
          docker run --rm "$IMAGE"
          docker run a/b:$TAG

          docker run a/c:${{ env.TAG }} ${{ matrix.x }}
      - run: docker run ${{ matrix.image }}
      - run: >-
          podman run
          folded:1
      - uses: a/b@main
        with:
          image: x.png
          other: q.io/with:1
  b:
    container:
      image: ${{ matrix.image }}
    strategy:
      matrix:
        image: [debian:12, "q.io/m:1"]
  c:
    uses: o/r/.github/workflows/w.yml@v1
`, "2:10 ghcr.io/python/autoconf:1;6:16 ubuntu:24.04;8:20 postgres:16;action 10:15 actions/checkout@v4;13:24 alpine:3.8;18:22 a/b:1;20:22 a/c:1;21:25 ${{ matrix.image }} ? ${{ matrix.image }};24:11 folded:1;" +
		"action 25:15 a/b@main;28:18 q.io/with:1;31:14 ${{ matrix.image }} ? ${{ matrix.image }};34:17 debian:12;34:29 q.io/m:1;action 36:11 o/r/.github/workflows/w.yml@v1"},
	{"composite and Docker actions", "action.yaml", "runs:\n  using: composite\n  steps:\n  - uses: a/b@v1\n  - run: docker pull x:1\n    shell: bash\n---\nruns:\n  using: docker\n  image: docker://y:1\n---\nruns:\n  using: docker\n  image: Dockerfile\n",
		"action 4:11 a/b@v1;5:22 x:1;10:19 y:1"},
	{"compose, with anchors, tags and all ways to write text", "docker-compose.yml", "x-a: &a\n  image: &i !!str a:1\nservices:\n  b:\n    <<: *a\n  c:\n    image: *i\n  d:\n    image: \"b\\x3a1\"\n  e:\n    image: ${E:-e:1}\n  f:\n    image: f:${TAG}\n",
		"2:19 a:1;9:12 b:1;11:17 e:1;13:12 f:${TAG} ? ${TAG}"},
	{"lines that end as on Windows, and letters of several bytes", "ci.yml", "jobs:\r\n  \"é\":\r\n    container: {\"ü\": 1, image: a:1}\r\n    steps:\r\n    - run: |\r\n        docker run é\r\n        docker run b:1\r\n", "3:33 a:1;6:20 é;7:20 b:1"},
	{"no YAML", "ci.yml", "a: b: c\nx: q.io/a:1\n", "2:4 q.io/a:1;note 0: the file is no YAML (mapping values are not allowed in this context), so only images that are written out in full are found"},
	{"other YAML", "mkdocs.yml", "image: logo.png\nx: [q.io/a:1]\n", "2:5 q.io/a:1"},
	{"an alias that is in itself", "c.yml", "services: &a\n  b: *a\n  image: x:1\n", "3:10 x:1"},
	{"devcontainer.json", ".devcontainer/devcontainer.json", "{\n\t// \"image\": \"no:1\",\n\t\"image\": \"a:1\", /* b */\n\t\"build\": {\"dockerfile\": \"Dockerfile\", \"args\": {\"B\": \"q.io/b:1\", \"V\": \"3\"}},\n\t\"x\": \"// q\",\n}\n", "3:12 a:1;4:55 q.io/b:1"},
	{"devcontainer.json with a variable", "devcontainer.json", `{"image": "a:${localEnv:TAG}"}`, "1:12 a:${localEnv:TAG} ? ${localEnv:TAG}"},

	{"Makefile", "Makefile.pre.in", "REG ?= q.io\nREG ?= no.io\nIMAGE = $(REG)/a:$(TAG) # docker run no:1\nTAG := 1\nDOCKER = docker\nall: x ; docker run b:1\nx:\n\t@$(DOCKER) run $(IMAGE)\n\tI=c:1; docker run $$I\n\tdocker run $(shell x) $(U)\n\tdocker \\\n\t  run d:1\n",
		"1:8 q.io/a:1;6:21 b:1;9:4 c:1;10:13 $(shell x) ? $(shell x);12:8 d:1"},
	{"a Makefile in itself", "Makefile", "A = $(B)$(B)\nB = $(A)$(A)\nx:\n\tdocker run $(A)\n", "4:13 $(A) ? $(A)"},
}

func TestScan(t *testing.T) {
	for _, c := range scans {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(mentions(c.file, c.src), ";"); got != c.want {
				t.Errorf("found\n  %s\nexpected\n  %s", strings.ReplaceAll(got, ";", "\n  "), strings.ReplaceAll(c.want, ";", "\n  "))
			}
		})
	}
}

// FuzzScan: whatever a file of any kind is, the scanner ends, and what it finds is where it says.
func FuzzScan(f *testing.F) {
	for _, c := range scans {
		f.Add(c.file, c.src)
	}
	for _, src := range yamls {
		f.Add("a.yml", src)
	}
	for _, name := range []string{"a.sh", "Dockerfile", "Makefile", "a.yml", "a.json"} {
		f.Add(name, "")
		f.Add(name, strings.Repeat("$(", 20)+strings.Repeat("${a:-", 20)+strings.Repeat("[", 20)+"`\"'<<a")
	}
	j := newJudge([]GroupImage{{Label: "//:a", Repository: "q.io/a", Tag: "1", Digest: "sha256:00", Role: "autoconf"}}, "//:g")
	f.Fuzz(func(t *testing.T, name, src string) {
		if len(src) > 1<<16 || diag.CheckText(name, []byte(src)) != nil {
			return
		}
		lines := strings.Split(src, "\n")
		for _, found := range j.file(scan(name, []byte(src))) {
			if found.Pos.Line < 1 || found.Pos.Col < 1 || found.Pos.Line > len(lines) {
				t.Errorf("%+v has no place", found)
			} else if fix := found.Fix; fix != nil && !strings.HasPrefix(lines[found.Pos.Line-1][found.Pos.Col-1:], fix.Old) {
				t.Errorf("%s has not %q", found.Pos, fix.Old)
			}
		}
	})
}
