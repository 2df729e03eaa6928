"""Many people's files judged: found, judged on one machine or many, kept a line each, and reported to a teacher."""
