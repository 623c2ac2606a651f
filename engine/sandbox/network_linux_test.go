package sandbox

import (
	"fmt"
	"net"
	"os"
	"testing"
)

// TestNetwork: without it, there is a loopback of the sandbox's own; with it, the caller's.
func TestNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("skipped: no loopback: %v", err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, "reached")
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := shell(t, `nc 127.0.0.1 `+port+` </dev/null 2>/dev/null || echo unreachable
grep -c : /proc/net/dev; ls /etc/resolv.conf 2>/dev/null; true`)
	mustSay(t, p, "unreachable\n1\n")

	p = shell(t, `nc 127.0.0.1 `+port+` </dev/null; cat /etc/resolv.conf; ls /etc`)
	p.Network = true
	want := "reached\n"
	if data, err := os.ReadFile(resolvConf); err == nil {
		want += string(data) + "os-release\nresolv.conf\n"
	} else {
		t.Skipf("skipped: this machine has no %s", resolvConf)
	}
	mustSay(t, p, want)
}
