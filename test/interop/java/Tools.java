import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/** Runs the main method of a Kafka tool in this process, with its own stdin, stdout, stderr and exit code. */
final class Tools {
    /** Thrown in place of ending the process. An Error, so that no tool's `catch (Exception e)` swallows it. */
    private static final class ExitCalled extends Error {
        final int code;

        ExitCalled(int code, String message) {
            super(message, null, false, false);
            this.code = code;
        }
    }

    /** Tools keep the stream they found first (Scala's Console does), so the stream stays and its target changes. */
    private static final class Switch extends OutputStream {
        private volatile OutputStream target;

        Switch(OutputStream target) {
            this.target = target;
        }

        @Override
        public void write(int b) throws IOException {
            target.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            target.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            target.flush();
        }
    }

    private final PrintStream realError = System.err;
    private final Switch out = new Switch(OutputStream.nullOutputStream());
    private final Switch err = new Switch(realError);
    private volatile int exitCode;
    private volatile boolean exited;

    Tools() {
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        Exit.Procedure procedure = (code, message) -> {
            if (!exited) {
                exitCode = code;
                // What a tool prints after its exit (some catch everything) is nothing the real process would say.
                System.out.flush();
                System.err.flush();
                out.target = OutputStream.nullOutputStream();
                err.target = OutputStream.nullOutputStream();
            }
            exited = true;
            throw new ExitCalled(code, message);
        };
        Exit.setExitProcedure(procedure);
        Exit.setHaltProcedure(procedure);
        // A hook would close a tool's clients at the end of this process; the tools also close them when they return.
        Exit.setShutdownHookAdder((name, runnable) -> { });
    }

    JsonNode run(JsonNode command) throws Exception {
        String mainClass = command.get("mainClass").asText();
        List<String> args = new ArrayList<>();
        command.get("args").forEach(arg -> args.add(arg.asText()));
        byte[] stdin = command.has("stdin") ? command.get("stdin").binaryValue() : new byte[0];
        long timeoutMs = command.get("timeoutMs").asLong();

        ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        InputStream realIn = System.in;
        System.setIn(new ByteArrayInputStream(stdin));
        exitCode = 0;
        exited = false;
        out.target = stdout;
        err.target = stderr;
        boolean timedOut;
        try {
            Thread thread = new Thread(() -> call(mainClass, args.toArray(new String[0])), "tool");
            thread.setDaemon(true);
            thread.start();
            thread.join(timeoutMs);
            timedOut = thread.isAlive();
        } finally {
            System.out.flush();
            System.err.flush();
            out.target = OutputStream.nullOutputStream();
            err.target = realError;
            System.setIn(realIn);
        }
        ObjectNode result = Driver.JSON.createObjectNode();
        result.put("stdout", stdout.toString(StandardCharsets.UTF_8));
        result.put("stderr", stderr.toString(StandardCharsets.UTF_8));
        result.put("code", exitCode);
        result.put("timedOut", timedOut);
        return result;
    }

    private void call(String mainClass, String[] args) {
        try {
            Class.forName(mainClass).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof ExitCalled)) fail(e.getCause());
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** As the JVM does when main throws: the trace on stderr and exit code 1. */
    private void fail(Throwable cause) {
        if (exited) return;
        System.err.print("Exception in thread \"main\" ");
        cause.printStackTrace(System.err);
        exitCode = 1;
    }
}
