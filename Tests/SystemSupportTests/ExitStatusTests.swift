import SystemSupport
import TestSupport
import Testing

@Suite("Exit statuses", .paced)
struct ExitStatusTests {
    @Test(
        "the word of waitpid is read and shown",
        arguments: [
            (Int32(0x0000), SystemSupport.ExitStatus.exited(0), "exit status 0", Int32(0)),
            (0x0300, .exited(3), "exit status 3", 3),
            (0xFF00, .exited(255), "exit status 255", 255),
            (0x0009, .signalled(9), "signal 9 (SIGKILL)", 137),
            (0x008B, .signalled(11), "signal 11 (SIGSEGV)", 139),  // with the core-dump bit
            (0x0022, .signalled(34), "signal 34", 162),
        ])
    func reading(word: Int32, status: SystemSupport.ExitStatus, text: String, shell: Int32) {
        let read = SystemSupport.ExitStatus(waitStatus: word)
        #expect(read == status)
        #expect("\(read)" == text)
        #expect(read.shellCode == shell)
        #expect(read.isSuccess == (word == 0))
    }
}
