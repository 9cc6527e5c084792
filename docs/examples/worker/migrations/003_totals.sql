CREATE VIEW totals AS
SELECT count(*)::integer AS jobs, coalesce(sum(words), 0)::integer AS words FROM jobs WHERE words IS NOT NULL;
