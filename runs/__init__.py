"""The application: settings, runs driven from a source of samples into a sink, background jobs, many workers."""
