"""BIRD's words, as a real daemon printed them, cut, altered and made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.reads import RunTool
from opskit.systems.calico import reading
from opskit.systems.calico.birdc import Bird, Session, md5_drops, parsed
from tests.unit import altered


def recorded(argv: tuple[str, ...]) -> str:
    reader = altered.cluster("calico").reader.reader  # type: ignore[attr-defined]
    asked = (entry.read for entry in reader.manifest.entries if isinstance(entry.read, RunTool))
    return reader.answer(next(each for each in asked if each.argv == argv), deadline=1).body.decode()


REAL, NETSTAT = recorded(reading.SESSIONS), recorded(reading.NETSTAT)
START, END = REAL.index("Mesh_10_99_0_2"), REAL.index("Mesh_10_99_0_3")
DOWN = REAL[START:END]
"""One session as BIRD 2 prints it, which the cases below rename."""
STATES = ("Idle", "Connect", "Active", "OpenSent", "OpenConfirm")


def printed(each: Session) -> str:
    """A session in BIRD's own form, taken from the real one."""
    text = DOWN.replace("Mesh_10_99_0_2", each.protocol).replace("Connect", each.state)
    text = text.replace("BGP Error: Hold timer expired", each.error).replace("10.99.0.2", each.peer)
    text = text.replace("05:45:26.039", each.since)
    text = text.replace("Neighbor AS:      64512", f"Neighbor AS:      {each.peer_as}")
    return text.replace("Local AS:         64512", f"Local AS:         {each.local_as}")


numbers = st.integers(1, 4294967295)
sessions = st.builds(
    Session,
    protocol=st.builds("{}_{}".format, st.sampled_from(("Mesh", "Node", "Global")), st.integers(0, 999)),
    state=st.sampled_from(STATES),
    since=st.sampled_from(("05:45:26.039", "2026-11-25", "2026-11-25 05:45:26")),
    peer=st.ip_addresses().map(str),
    peer_as=numbers,
    local_as=numbers,
    error=st.sampled_from(
        ("Socket: Connection refused", "Received: Bad peer AS: 64513", "Hold timer expired")
    ),
)


def test_what_a_real_daemon_said() -> None:
    found = parsed(REAL)
    assert found.version == "2.0.12"
    assert [(each.protocol, each.state) for each in found.sessions] == [
        ("Mesh_10_99_0_2", "Connect"),
        *((f"Mesh_10_99_0_{n}", "Established") for n in (3, 4, 5)),
    ]
    first = found.sessions[0]
    assert (first.peer, first.peer_as, first.local_as, first.sort) == ("10.99.0.2", 64512, 64512, "mesh")
    assert (first.since, first.error) == ("05:45:26.039", "BGP Error: Hold timer expired")
    assert not first.established
    assert all(each.established and not each.error for each in found.sessions[1:])


@given(st.lists(sessions, max_size=6))
def test_a_session_that_is_printed_is_read_as_it_was(every: list[Session]) -> None:
    text = REAL[:START] + "".join(map(printed, every))
    assert parsed(text).sessions == tuple(every)


@given(st.integers(0, len(REAL)))
def test_an_answer_that_is_cut_off_holds_what_came_before(end: int) -> None:
    whole, cut = parsed(REAL).sessions, parsed(REAL[:end]).sessions
    assert cut[:-1] == whole[: max(0, len(cut) - 1)]
    assert len(cut) <= len(whole)


@given(st.text(), st.text())
def test_no_words_break_the_reader(text: str, stderr: str) -> None:
    assert isinstance(parsed(text, stderr), Bird)
    assert parsed(f"{REAL}\n{text.replace('Unable', '')}").sessions[:3] == parsed(REAL).sessions[:3]


@given(st.text(alphabet="Mesh_ BGP\tup12:.-\n0001 state:Nigbor", max_size=300))
def test_nearly_right_words_neither(text: str) -> None:
    assert isinstance(parsed(text), Bird)
    assert md5_drops(text) == 0


def test_a_daemon_that_does_not_answer_is_told_from_one_without_sessions() -> None:
    refused = "Unable to connect to server control socket (/var/run/calico/bird.ctl): Connection refused"
    for said in (parsed("", refused), parsed(refused)):
        assert (said.runs, said.unreachable, said.sessions) == (False, refused, ())
    assert parsed(REAL[:START]) == Bird(version="2.0.12")
    assert parsed(REAL[:START]).runs


@pytest.mark.parametrize("counter", ["TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure"])
@given(dropped=st.integers(0, 2**64))
def test_the_kernels_counters_are_found_by_their_name(counter: str, dropped: int) -> None:
    names, values = (line.split() for line in NETSTAT.splitlines()[:2])
    values[names.index(counter)] = str(dropped)
    assert md5_drops(NETSTAT) == 0
    assert md5_drops("\n".join((" ".join(names), " ".join(values)))) == dropped
